namespace Merpati.Protocols.Sasl;

/// <summary>
/// The client's side of one exchange (RFC 4422 §3); the client speaks first in all mechanisms here. Base64 and the "*" of a client that gives up belong to the protocol around it.
/// </summary>
public abstract class SaslClient
{
    /// <summary>As it is advertised.</summary>
    public abstract string Mechanism { get; }

    /// <summary>Sent with the command; null when the mechanism waits for the server's prompt.</summary>
    public abstract ReadOnlyMemory<byte>? InitialResponse { get; }

    /// <summary>The answer to a challenge; null to give up, as the server does not follow the mechanism or is not who it should be.</summary>
    public abstract ReadOnlyMemory<byte>? Respond(ReadOnlyMemory<byte> challenge);

    /// <summary>The server may say yes now: it has had all that it needs, and has proved what the mechanism wants proved.</summary>
    public abstract bool IsComplete { get; }

    /// <summary>Those that a password can be used with, the strongest first.</summary>
    public static IReadOnlyList<SaslClient> ForPassword(string user, string password) => [new ScramSha256Client(user, password, ScramSha256.NewNonce()), new PlainClient(user, password), new LoginClient(user, password)];

    public static SaslClient ForToken(string user, string token) => new XOAuth2Client(user, token);
}
