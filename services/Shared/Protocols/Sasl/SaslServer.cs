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

    /// <summary>Names as they are advertised where nothing is known of the connection, the strongest first.</summary>
    public static IReadOnlyList<string> Mechanisms { get; } = ["SCRAM-SHA-256", "PLAIN", "LOGIN"];

    /// <summary>Names as they are advertised on this connection, the strongest first.</summary>
    public static IReadOnlyList<string> Offered(SaslContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var names = new List<string>();
        if (context.OffersPlus) names.Add("SCRAM-SHA-256-PLUS");
        names.Add("SCRAM-SHA-256");
        if (context.Tokens is not null) names.AddRange(["OAUTHBEARER", "XOAUTH2"]);
        names.AddRange(["PLAIN", "LOGIN"]);
        return names;
    }

    /// <summary>One of <see cref="Mechanisms"/>; null for any other.</summary>
    public static SaslServer? Create(string mechanism, IDirectory directory, LoginProtocol protocol, IPAddress? client)
        => Create(mechanism, new SaslContext(directory, protocol, client));

    /// <summary>Null for a mechanism that is not offered. The name compares without case.</summary>
    public static SaslServer? Create(string mechanism, SaslContext context)
    {
        ArgumentNullException.ThrowIfNull(mechanism);
        ArgumentNullException.ThrowIfNull(context);
        return mechanism.ToUpperInvariant() switch
        {
            "PLAIN" => new Plain(context.Directory, context.Protocol, context.Client),
            "LOGIN" => new Login(context.Directory, context.Protocol, context.Client),
            "SCRAM-SHA-256" => new ScramSha256(context, binds: false, ScramSha256.NewNonce),
            "SCRAM-SHA-256-PLUS" when context.OffersPlus => new ScramSha256(context, binds: true, ScramSha256.NewNonce),
            "OAUTHBEARER" when context.Tokens is { } tokens => new OAuthBearer(tokens, context.Protocol, context.Client),
            "XOAUTH2" when context.Tokens is { } tokens => new XOAuth2(tokens, context.Protocol, context.Client),
            _ => null,
        };
    }

    /// <summary>
    /// The next step. All mechanisms let the client speak first: with an initial response the first call has it,
    /// without one the first call has null and answers with an empty or a prompting challenge.
    /// </summary>
    public abstract ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken);
}
