using System.Net;
using System.Text.Json;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>OAUTHBEARER (RFC 7628): <c>n,[a=authzid],^Ahost=…^Aport=…^Aauth=Bearer token^A^A</c>.</summary>
internal sealed class OAuthBearer(ITokenCheck tokens, LoginProtocol protocol, IPAddress? client) : TokenMechanism(tokens, protocol, client)
{
    protected override (string? Login, string? Token)? Parse(string message)
    {
        var start = message.IndexOf('\u0001', StringComparison.Ordinal);
        if (start < 0) return null;
        var header = message[..start].Split(',');
        // gs2-header (RFC 5801 §4) without channel binding: the mechanism has none, whatever the client could do.
        if (header is not ["n" or "y", var authorization, ""] || authorization.Length > 0 && !authorization.StartsWith("a=", StringComparison.Ordinal)) return null;
        string? login = null;
        if (authorization.Length > 0)
        {
            login = ScramSha256.Unescape(authorization[2..]);
            if (login is not { Length: > 0 }) return null;
        }
        if (Pairs(message[(start + 1)..]) is not { } pairs) return null;
        return (login, pairs.TryGetValue("auth", out var auth) ? Bearer(auth) : null);
    }

    protected override string Reason(Uri? configuration)
        => configuration is null ? """{"status":"invalid_token"}""" : $$"""{"status":"invalid_token","openid-configuration":{{JsonSerializer.Serialize(configuration.AbsoluteUri)}}}""";
}
