using System.Net;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>
/// The server's side of one exchange. Base64, the "*" of a client that gives up, and limits on the length of a line belong to the protocol around it.
/// </summary>
public abstract class SaslServer
{
    /// <summary>Longest answer of a client that is looked at, octets after base64.</summary>
    public const int MaxResponseLength = 8192;

    /// <summary>Names as they are advertised, the strongest first.</summary>
    public static IReadOnlyList<string> Mechanisms { get; } = ["SCRAM-SHA-256", "PLAIN", "LOGIN"];

    /// <summary>Null for a mechanism that is not offered. The name compares without case.</summary>
    public static SaslServer? Create(string mechanism, IDirectory directory, LoginProtocol protocol, IPAddress? client) => mechanism.ToUpperInvariant() switch
    {
        "PLAIN" => new Plain(directory, protocol, client),
        "LOGIN" => new Login(directory, protocol, client),
        "SCRAM-SHA-256" => new ScramSha256(directory, protocol, client, ScramSha256.NewNonce),
        _ => null,
    };

    /// <summary>
    /// The next step. All three mechanisms let the client speak first: with an initial response the first call has it,
    /// without one the first call has null and answers with an empty or a prompting challenge.
    /// </summary>
    public abstract ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken);
}
