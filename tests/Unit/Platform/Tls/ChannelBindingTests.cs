using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AwesomeAssertions;
using Merpati.Platform.Tls;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Tls;

/// <summary>What .NET does not tell of a TLS connection: that it is told right shows in both ends being told the same.</summary>
public sealed class ChannelBindingTests
{
    [Fact]
    public async Task Both_ends_of_TLS_1_3_export_the_same_and_no_other_connection_does()
    {
        var (server, client) = await ConnectAsync(SslProtocols.Tls13);
        var (other, _) = await ConnectAsync(SslProtocols.Tls13);
        var exported = ChannelBindings.Of(server)["tls-exporter"].ToArray();
        exported.Should().HaveCount(32);
        ChannelBindings.Export(client).Should().Equal(exported);
        ChannelBindings.Of(other)["tls-exporter"].ToArray().Should().NotEqual(exported);
    }

    [Fact]
    public async Task TLS_1_2_has_the_hash_of_the_certificate_alone()
    {
        var (server, client) = await ConnectAsync(SslProtocols.Tls12);
        var bindings = ChannelBindings.Of(server);
        bindings.Keys.Should().Equal("tls-server-end-point");
        bindings["tls-server-end-point"].ToArray().Should().Equal(SHA256.HashData(client.RemoteCertificate!.GetRawCertData()));
    }

    private static async Task<(SslStream Server, SslStream Client)> ConnectAsync(SslProtocols protocol)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=mail.example.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var usable = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new TcpClient();
        var connecting = near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var far = await listener.AcceptTcpClientAsync();
        await connecting;
        var server = new SslStream(far.GetStream());
        var client = new SslStream(near.GetStream());
        await Task.WhenAll(
            server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = usable, EnabledSslProtocols = protocol }),
            client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test", RemoteCertificateValidationCallback = (_, _, _, _) => true }));
        return (server, client);
    }
}
