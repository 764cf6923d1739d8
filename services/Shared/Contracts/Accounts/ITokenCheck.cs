using System.Net;

namespace Merpati.Accounts;

/// <summary>
/// Checks access tokens of an OAuth 2.0 authorization server (RFC 6750). Where none is configured there is no such service, and no mechanism
/// that carries tokens is offered. An outage is an exception, never "denied".
/// </summary>
public interface ITokenCheck
{
    /// <summary>Where a client finds the authorization server (RFC 7628 §3.2.2 openid-configuration); null leaves it out.</summary>
    Uri? OpenIdConfiguration { get; }

    /// <summary>Whose token it is, if it is valid, for this protocol and not expired. Denied as well where <paramref name="login"/> is somebody else.</summary>
    /// <param name="login">As whom the client wants to log in; null for whom the token names.</param>
    ValueTask<LoginOutcome> CheckAsync(string token, string? login, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken);
}
