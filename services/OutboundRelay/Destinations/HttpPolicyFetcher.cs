using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Merpati.Mail.Dns;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>
/// Fetches MTA-STS policies (RFC 8461 §3.3). The address of the web server comes from a stranger's zone: it is looked up as those of mail hosts are,
/// and none of it leads behind our firewall.
/// </summary>
public sealed class HttpPolicyFetcher : IPolicyFetcher, IDisposable
{
    private readonly IMailDns _dns;
    private readonly AddressScope _scope;
    private readonly TimeSpan _timeout;
    private readonly int _port;
    private readonly HttpClient _http;

    /// <param name="timeout">For a fetch from beginning to end.</param>
    /// <param name="port">That of https, but for tests.</param>
    /// <param name="trust">What the certificate is checked against; null for the system's trust store.</param>
    public HttpPolicyFetcher(IMailDns dns, DestinationOptions destinations, TimeSpan timeout, int port = 443, X509ChainPolicy? trust = null)
    {
        (_dns, _scope, _timeout, _port) = (dns, new AddressScope(destinations), timeout, port);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = 16, // KiB
            // One policy, one connection: the next fetch from there is days away.
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
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
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
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

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint server, CancellationToken cancellationToken)
    {
        var addresses = new List<IPAddress>();
        var why = "it has no address";
        foreach (var family in new[] { AddressFamily.InterNetworkV6, AddressFamily.InterNetwork })
        {
            switch (await _dns.AddressesAsync(server.Host, family, cancellationToken))
            {
                case DnsAnswer<IPAddress>.Found found:
                    addresses.AddRange(found.Records);
                    break;
                case DnsAnswer<IPAddress>.Temporary:
                    why = "DNS gives no answer for its address";
                    break;
                default:
                    break;
            }
        }
        foreach (var address in addresses.Take(8))
        {
            if (_scope.ReasonAgainst(address) is { } what)
            {
                why = $"{address} is {what}, to which we do not connect";
                continue;
            }
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, server.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                why = $"{address}: {e.Message}";
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                throw;
            }
        }
        throw new HttpRequestException(HttpRequestError.ConnectionError, why);
    }
}
