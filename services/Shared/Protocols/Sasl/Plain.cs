using System.Net;
using System.Text;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>PLAIN (RFC 4616): <c>[authzid] NUL authcid NUL passwd</c> in UTF-8.</summary>
internal sealed class Plain(IDirectory directory, LoginProtocol protocol, IPAddress? client) : SaslServer
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is null) return new SaslStep.Challenge(default);
        if (response.Value.Length > MaxResponseLength) return new SaslStep.Malformed("response too long");
        string text;
        try { text = StrictUtf8.GetString(response.Value.Span); }
        catch (DecoderFallbackException) { return new SaslStep.Malformed("not UTF-8"); }
        var fields = text.Split('\0');
        if (fields.Length != 3 || fields[1].Length == 0 || fields[2].Length == 0) return new SaslStep.Malformed("not authzid NUL authcid NUL passwd");
        // Nobody may act for another: an authorization identity is taken only when it is the login itself (RFC 4616 §2).
        if (fields[0].Length > 0 && !fields[0].Equals(fields[1], StringComparison.OrdinalIgnoreCase)) return new SaslStep.Denied();
        return SaslStep.From(await directory.LoginAsync(fields[1], fields[2], protocol, client, cancellationToken).ConfigureAwait(false));
    }
}
