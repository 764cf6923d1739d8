using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>
/// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677): the password itself never crosses the wire, and with -PLUS nobody can stand between
/// the ends of the TLS connection.
/// </summary>
/// <param name="binds">-PLUS: the proof is bound to the channel.</param>
/// <param name="serverNonce">The server's part of the nonce, a new one in every exchange; a test gives the one of an example.</param>
internal sealed class ScramSha256(SaslContext context, bool binds, Func<string> serverNonce) : SaslServer
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));

    private string _login = "";
    private string _clientFirstBare = "";
    private string _gs2Header = "";
    private ReadOnlyMemory<byte> _binding;
    private string _serverFirst = "";
    private string _nonce = "";
    private ScramCredential? _credential;
    private LoginOutcome.Granted? _granted;

    public override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is null) return new SaslStep.Challenge(default);
        if (response.Value.Length > MaxResponseLength) return new SaslStep.Malformed("response too long");
        string text;
        try { text = StrictUtf8.GetString(response.Value.Span); }
        catch (DecoderFallbackException) { return new SaslStep.Malformed("not UTF-8"); }
        if (_granted is not null) return text.Length == 0 ? new SaslStep.Granted(_granted.Account) : new SaslStep.Malformed("data after the server's final message");
        return _credential is null
            ? await FirstAsync(text, cancellationToken).ConfigureAwait(false)
            : await FinalAsync(text, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>client-first-message: <c>n,[a=authzid],n=user,r=nonce</c> (RFC 5802 §7).</summary>
    private async ValueTask<SaslStep> FirstAsync(string message, CancellationToken cancellationToken)
    {
        var fields = message.Split(',');
        if (fields.Length < 4) return new SaslStep.Malformed("client-first-message is too short");
        if (CheckBinding(fields[0]) is { } refusal) return refusal;
        var authorization = fields[1].StartsWith("a=", StringComparison.Ordinal) ? Unescape(fields[1][2..]) : "";
        if (fields[1].Length > 0 && !fields[1].StartsWith("a=", StringComparison.Ordinal) || authorization is null) return new SaslStep.Malformed("gs2-header");
        if (!fields[2].StartsWith("n=", StringComparison.Ordinal) || Unescape(fields[2][2..]) is not { Length: > 0 } login) return new SaslStep.Malformed("username");
        if (!fields[3].StartsWith("r=", StringComparison.Ordinal) || fields[3].Length is < 3 or > 1024 || fields[3].AsSpan(2).ContainsAnyExceptInRange('!', '~')) return new SaslStep.Malformed("nonce");
        if (authorization.Length > 0 && !authorization.Equals(login, StringComparison.OrdinalIgnoreCase)) return new SaslStep.Denied();
        _login = login;
        _gs2Header = $"{fields[0]},{fields[1]},";
        _clientFirstBare = message[_gs2Header.Length..];
        _credential = await context.Directory.GetScramCredentialAsync(login, context.Client, cancellationToken).ConfigureAwait(false);
        if (_credential is null) return new SaslStep.Throttled(TimeSpan.FromSeconds(30));
        _nonce = fields[3][2..] + serverNonce();
        _serverFirst = string.Create(CultureInfo.InvariantCulture, $"r={_nonce},s={Convert.ToBase64String(_credential.Salt.Span)},i={_credential.Iterations}");
        return new SaslStep.Challenge(Encoding.UTF8.GetBytes(_serverFirst));
    }

    /// <summary>gs2-cbind-flag (RFC 5802 §6).</summary>
    private SaslStep? CheckBinding(string flag)
    {
        if (binds)
        {
            if (!flag.StartsWith("p=", StringComparison.Ordinal)) return new SaslStep.Malformed("the mechanism is for channel binding");
            // A binding that we do not have cannot be checked.
            return context.ChannelBindings.TryGetValue(flag[2..], out _binding) ? null : new SaslStep.Denied();
        }
        if (flag is not ("n" or "y")) return new SaslStep.Malformed("channel binding is not supported by this mechanism");
        // "y" says that the client could do channel binding and has not seen it offered. Where it was, somebody took it out of the list.
        return flag == "y" && context.OffersPlus ? new SaslStep.Denied() : null;
    }

    /// <summary>client-final-message: <c>c=base64(gs2-header),r=nonce,p=proof</c>.</summary>
    private async ValueTask<SaslStep> FinalAsync(string message, CancellationToken cancellationToken)
    {
        var proofAt = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (proofAt < 0) return new SaslStep.Malformed("proof is missing");
        var withoutProof = message[..proofAt];
        var fields = withoutProof.Split(',');
        if (fields.Length < 2 || !fields[0].StartsWith("c=", StringComparison.Ordinal) || !fields[1].StartsWith("r=", StringComparison.Ordinal)) return new SaslStep.Malformed("client-final-message");
        var proof = new byte[SHA256.HashSizeInBytes];
        if (!Convert.TryFromBase64String(message[(proofAt + 3)..], proof, out var proofLength) || proofLength != proof.Length) return new SaslStep.Malformed("proof");
        var bindingIsRight = fields[0][2..] == Convert.ToBase64String([.. Encoding.UTF8.GetBytes(_gs2Header), .. _binding.Span]);
        var nonceIsRight = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(fields[1][2..]), Encoding.UTF8.GetBytes(_nonce));

        var authMessage = Encoding.UTF8.GetBytes($"{_clientFirstBare},{_serverFirst},{withoutProof}");
        var clientSignature = HMACSHA256.HashData(_credential!.StoredKey.Span, authMessage);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= clientSignature[i]; // now the ClientKey
        var proven = CryptographicOperations.FixedTimeEquals(SHA256.HashData(proof), _credential.StoredKey.Span) & bindingIsRight & nonceIsRight;
        var outcome = await context.Directory.CompleteScramAsync(_login, proven, context.Protocol, context.Client, cancellationToken).ConfigureAwait(false);
        if (outcome is not LoginOutcome.Granted granted) return SaslStep.From(outcome);
        _granted = granted;
        // The client answers the server's signature with an empty response, and then it is logged in (RFC 4422 §3, outcome without data).
        return new SaslStep.Challenge(Encoding.UTF8.GetBytes("v=" + Convert.ToBase64String(HMACSHA256.HashData(_credential.ServerKey.Span, authMessage))));
    }

    /// <summary>saslname: =2C is a comma, =3D an equals sign, no other escape exists. Null when malformed.</summary>
    internal static string? Unescape(string name)
    {
        var escapes = name.Split('=').Skip(1);
        return escapes.All(escape => escape.StartsWith("2C", StringComparison.Ordinal) || escape.StartsWith("3D", StringComparison.Ordinal))
            ? name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal)
            : null;
    }
}
