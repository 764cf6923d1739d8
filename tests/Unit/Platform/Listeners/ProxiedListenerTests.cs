using System.Net;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Merpati.Platform.Listeners;
using Merpati.Platform.Tls;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Listeners;

/// <summary>A listener on loopback behind proxies. Its session tells the client's address and the first line.</summary>
public sealed class ProxiedListenerTests
{
    private const string Header = "PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\r\n";

    [Fact]
    public async Task The_client_is_whom_the_proxy_names_and_its_first_octets_are_its_own()
    {
        await using var listener = Start(new ConnectionLimits { ProxyProtocol = new() { Networks = ["127.0.0.1"] } });
        (await ExchangeAsync(listener, Header + "HELLO\r\n")).Should().Be("192.0.2.1:4711 to 198.51.100.2:25: HELLO");
    }

    [Fact]
    public async Task A_proxy_may_speak_for_itself()
    {
        await using var listener = Start(new ConnectionLimits { ProxyProtocol = new() { Networks = ["127.0.0.0/8"] } });
        (await ExchangeAsync(listener, "PROXY UNKNOWN\r\nHELLO\r\n")).Should().StartWith("127.0.0.1:").And.EndWith(": HELLO");
    }

    [Theory]
    [InlineData("HELLO\r\n")]
    [InlineData("PROXY TCP4 nonsense\r\nHELLO\r\n")]
    public async Task A_proxy_without_a_header_is_turned_away(string sent)
    {
        await using var listener = Start(new ConnectionLimits { ProxyProtocol = new() { Networks = ["127.0.0.1"] } });
        (await ExchangeAsync(listener, sent)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_header_of_a_stranger_is_only_what_it_says()
    {
        await using var listener = Start(new ConnectionLimits { ProxyProtocol = new() { Networks = ["192.0.2.0/24"] } });
        (await ExchangeAsync(listener, Header)).Should().StartWith("127.0.0.1:").And.EndWith(": " + Header.TrimEnd());
    }

    [Fact]
    public async Task Connections_are_counted_by_the_client_behind_the_proxy()
    {
        await using var listener = Start(new ConnectionLimits { PerAddress = 1, ProxyProtocol = new() { Networks = ["127.0.0.1"] } });
        using var first = await ConnectAsync(listener);
        await first.Client.SendAsync(Encoding.ASCII.GetBytes(Header + "HELLO\r\n"));
        (await ReadLineAsync(first)).Should().EndWith(": HELLO");
        (await ExchangeAsync(listener, Header + "HELLO\r\n")).Should().Be("busy");
        (await ExchangeAsync(listener, Header.Replace("192.0.2.1", "192.0.2.9", StringComparison.Ordinal) + "HELLO\r\n")).Should().EndWith(": HELLO");
        (await ExchangeAsync(listener, "PROXY UNKNOWN\r\nHELLO\r\n")).Should().EndWith(": HELLO");
    }

    private static MailListener Start(ConnectionLimits limits)
    {
        var port = new MailPort("test", new IPEndPoint(IPAddress.Loopback, 0), ImplicitTls: false, "busy\r\n", static async (transport, lifetime) =>
        {
            var read = await transport.Input.ReadAsync(lifetime.Aborted);
            var line = Encoding.ASCII.GetString(read.Buffer.FirstSpan).TrimEnd();
            transport.Input.AdvanceTo(read.Buffer.End);
            await transport.Output.WriteAsync(Encoding.ASCII.GetBytes($"{transport.RemoteEndPoint} to {transport.LocalEndPoint}: {line}\r\n"), lifetime.Aborted);
            // Until the client goes.
            while (!(read = await transport.Input.ReadAsync(lifetime.Aborted)).IsCompleted) transport.Input.AdvanceTo(read.Buffer.End);
        });
        var listener = new MailListener(port, new CertificateSource([], TimeProvider.System, NullLogger<CertificateSource>.Instance), limits with { Drain = TimeSpan.Zero }, TimeProvider.System, NullLogger.Instance);
        listener.Bind();
        listener.Start();
        return listener;
    }

    private static async Task<string> ExchangeAsync(MailListener listener, string sent)
    {
        using var client = await ConnectAsync(listener);
        await client.Client.SendAsync(Encoding.ASCII.GetBytes(sent));
        return await ReadLineAsync(client);
    }

    private static async Task<TcpClient> ConnectAsync(MailListener listener)
    {
        var client = new TcpClient();
        await client.ConnectAsync(listener.EndPoint);
        return client;
    }

    /// <summary>Empty when the server closes without a word.</summary>
    private static async Task<string> ReadLineAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, leaveOpen: true);
        try { return await reader.ReadLineAsync() ?? ""; }
        catch (IOException) { return ""; }
    }
}
