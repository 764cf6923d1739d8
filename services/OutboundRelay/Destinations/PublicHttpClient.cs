using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Merpati.Mail.Dns;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>
/// For web servers that strangers name in their zones: the addresses are looked up as those of mail hosts are, and none of it leads behind our firewall. No redirect is followed.
/// </summary>
public sealed class PublicHttpClient : IDisposable
{
    private const int MaxAddresses = 8;

    private readonly IMailDns _dns;
    private readonly AddressScope _scope;

    /// <param name="trust">What certificates are checked against; null for the system's trust store.</param>
    public PublicHttpClient(IMailDns dns, DestinationOptions destinations, X509ChainPolicy? trust = null)
    {
        (_dns, _scope) = (dns, new AddressScope(destinations));
        Client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = 16, // KiB
            // One question, one connection: the next one to the same server is days away.
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Whoever uses it sets a limit of time.</summary>
    public HttpClient Client { get; }

    public void Dispose() => Client.Dispose();

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
        foreach (var address in addresses.Take(MaxAddresses))
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
