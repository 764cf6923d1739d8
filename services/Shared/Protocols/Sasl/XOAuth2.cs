using System.Net;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>XOAUTH2, as Gmail and Exchange have it: <c>user=login^Aauth=Bearer token^A^A</c>.</summary>
internal sealed class XOAuth2(ITokenCheck tokens, LoginProtocol protocol, IPAddress? client) : TokenMechanism(tokens, protocol, client)
{
    protected override (string? Login, string? Token)? Parse(string message)
        => Pairs(message) is { } pairs && pairs.TryGetValue("user", out var user) && user.Length > 0 && pairs.TryGetValue("auth", out var auth) ? (user, Bearer(auth)) : null;

    protected override string Reason(Uri? configuration) => """{"status":"401","schemes":"bearer"}""";
}
