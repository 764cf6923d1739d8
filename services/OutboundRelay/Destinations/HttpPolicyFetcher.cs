using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Merpati.Mail.Dns;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>
/// Fetches MTA-STS policies (RFC 8461 §3.3).
/// </summary>
public sealed class HttpPolicyFetcher : IPolicyFetcher, IDisposable
{
    private readonly TimeSpan _timeout;
    private readonly int _port;
    private readonly PublicHttpClient _http;

    /// <param name="timeout">For a fetch from beginning to end.</param>
    /// <param name="port">That of https, but for tests.</param>
    /// <param name="trust">What the certificate is checked against; null for the system's trust store.</param>
    public HttpPolicyFetcher(IMailDns dns, DestinationOptions destinations, TimeSpan timeout, int port = 443, X509ChainPolicy? trust = null)
    {
        (_timeout, _port) = (timeout, port);
        _http = new PublicHttpClient(dns, destinations, trust);
    }

    public async Task<PolicyFetch> FetchAsync(string domain, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        var host = "mta-sts." + domain;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(Uri.UriSchemeHttps, host, _port, "/.well-known/mta-sts.txt").Uri);
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
            using var response = await _http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.StatusCode != HttpStatusCode.OK) return NotFetched($"{host} answers {(int)response.StatusCode}");
            if (response.Content.Headers.ContentType is not { MediaType: { } type } || !type.Equals("text/plain", StringComparison.OrdinalIgnoreCase)) return NotFetched($"{host} does not send text/plain");
            return await ReadAsync(response.Content, limit.Token) is { } text ? new PolicyFetch.Fetched(text) : NotFetched($"{host} sends more than {MtaStsPolicy.MaxOctets} octets");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError || e.InnerException is AuthenticationException)
        {
            return new PolicyFetch.Failed(TlsFailure.StsWebPkiInvalid, $"{host} has no valid certificate: {(e.InnerException ?? e).Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { return NotFetched($"{host} does not answer within {_timeout.TotalSeconds:0.#} s"); }
        catch (Exception e) when (e is HttpRequestException or IOException or UriFormatException) { return NotFetched($"{host}: {(e.InnerException ?? e).Message}"); }
    }

    public void Dispose() => _http.Dispose();

    private static PolicyFetch.Failed NotFetched(string reason) => new(TlsFailure.StsPolicyFetchError, reason);

    /// <summary>Null when there is too much of it.</summary>
    private static async Task<string?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var body = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MtaStsPolicy.MaxOctets + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length > MtaStsPolicy.MaxOctets ? null : Encoding.UTF8.GetString(buffer, 0, length);
    }
}
