using System.Net;
using Merpati.Platform.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Merpati.Platform.Hosting;

/// <summary>An HTTPS port on which one thing is answered and nothing else of the process can be reached.</summary>
public static class PublicSite
{
    // More than anybody reads here: the rest is thrown away after the answer, which a connection that is closed before its end would take with it.
    private const long MaxRequestOctets = 1024 * 1024;

    /// <summary>Opens the port. The certificate is that of the name that a client asks for, and a renewed one is used at once.</summary>
    public static void ListenForEverybody(this KestrelServerOptions kestrel, IEnumerable<IPAddress> addresses, int port, CertificateSource certificates)
    {
        foreach (var address in addresses)
        {
            kestrel.Listen(address, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = hello => certificates.SelectAsync(hello.SslStream, hello.ClientHelloInfo, hello.State, hello.CancellationToken) });
            });
        }
    }

    /// <summary>What comes in at the port ends here, before routing and all that is mapped.</summary>
    public static void UseSite(this IApplicationBuilder app, int port, RequestDelegate answer)
        => app.Use((context, next) =>
        {
            if (context.Connection.LocalPort != port) return next(context);
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxRequestOctets;
            return answer(context);
        });
}
