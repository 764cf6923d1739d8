using System.Net;
using System.Text;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>What OAUTHBEARER and XOAUTH2 have in common: one message with a token, and on failure a challenge that says why, before the refusal.</summary>
internal abstract class TokenMechanism(ITokenCheck tokens, LoginProtocol protocol, IPAddress? client) : SaslServer
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Set once the client has been told why it fails; its answer has no meaning.</summary>
    private SaslStep? _refusal;

    public sealed override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (_refusal is not null) return _refusal;
        if (response is null) return new SaslStep.Challenge(default);
        if (response.Value.Length > MaxResponseLength) return new SaslStep.Malformed("response too long");
        string text;
        try { text = StrictUtf8.GetString(response.Value.Span); }
        catch (DecoderFallbackException) { return new SaslStep.Malformed("not UTF-8"); }
        if (Parse(text) is not var (login, token)) return new SaslStep.Malformed("not a token message");
        var outcome = token is null ? new LoginOutcome.Denied() : await tokens.CheckAsync(token, login, protocol, client, cancellationToken).ConfigureAwait(false);
        if (outcome is not LoginOutcome.Denied) return SaslStep.From(outcome);
        _refusal = new SaslStep.Denied();
        return new SaslStep.Challenge(Encoding.UTF8.GetBytes(Reason(tokens.OpenIdConfiguration)));
    }

    /// <summary>Null where the message is malformed; a null token where it carries none, or of a scheme that we do not know.</summary>
    protected abstract (string? Login, string? Token)? Parse(string message);

    /// <summary>JSON that tells why.</summary>
    protected abstract string Reason(Uri? configuration);

    /// <summary><c>key=value</c> pairs, each ended by ^A, and one more ^A at the end. Null when it is none.</summary>
    protected static Dictionary<string, string>? Pairs(string text)
    {
        if (!text.EndsWith("\u0001\u0001", StringComparison.Ordinal)) return null;
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in text[..^2].Split('\u0001'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !pairs.TryAdd(pair[..equals], pair[(equals + 1)..])) return null;
        }
        return pairs;
    }

    /// <summary>The token of <c>Bearer b64token</c> (RFC 6750 §2.1).</summary>
    protected static string? Bearer(string authorization)
        => authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && authorization[7..].Trim(' ') is { Length: > 0 } token && !token.AsSpan().ContainsAnyExceptInRange('!', '~') ? token : null;
}
