using System.Net;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Xunit;
using static Merpati.Tests.Unit.OutboundRelay.Sending.DialerFixture;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>Connections to mail hosts on loopback, and what hosts do to them.</summary>
public sealed class SmtpDialerTests : IDisposable
{
    private readonly TestAuthority _authority = TestAuthority.Root("root");

    public static TheoryData<string> Ways => ["DATA", "BDAT", "DATA in TLS", "BDAT in TLS"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_message_arrives_byte_for_byte(string way)
    {
        using var certificate = _authority.Issue("mx.example.com", ["mx.example.com"]);
        await using var server = ScriptedSmtpServer.Start();
        if (way.StartsWith("BDAT", StringComparison.Ordinal)) server.Keywords = ["PIPELINING", "CHUNKING", "8BITMIME"];
        if (way.EndsWith("TLS", StringComparison.Ordinal)) server.Certificate = certificate;
        foreach (var octets in new[] { Lines(1, 0), Lines(2_500_000, 7), Lines(32768, 3), "..\r\n.\r\n...\r\n"u8.ToArray(), Encoding.ASCII.GetBytes(new string('x', 200_000) + "\r\n") })
        {
            (await SendAsync(server, Message(octets), new TlsPolicy.Opportunistic())).Should().AllBeOfType<RecipientOutcome.Accepted>();
            server.Messages.Last().Octets.AsSpan().SequenceEqual(octets).Should().BeTrue();
            server.Messages.Last().Tls.Should().Be(server.Certificate is not null);
        }
        server.Said()[^1].Should().Be("QUIT");
    }

    [Fact]
    public async Task A_connection_serves_many_messages()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("RCPT TO:<nobody") ? "550 5.1.1 no" : null);
        var connected = (DialOutcome.Connected)await DialAsync(server);
        await using var connection = connected.Connection;
        for (var i = 0; i < 20; i++)
        {
            connection.IsUsable.Should().BeTrue();
            await connection.SendAsync(Message("hello\r\n"u8.ToArray(), i % 3 == 0 ? "nobody@example.com" : "ann@example.com"), CancellationToken.None);
        }
        server.Messages.Should().HaveCount(13);
        server.Connections.Should().Be(1);
    }

    [Fact]
    public async Task A_host_that_closes_an_idle_connection_is_noticed()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Line == ScriptedSmtpServer.EndOfText ? ScriptedAnswer.SayAndClose("250 taken") : null);
        var connected = (DialOutcome.Connected)await DialAsync(server);
        await using var connection = connected.Connection;
        await connection.SendAsync(Message("hello\r\n"u8.ToArray()), CancellationToken.None);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (connection.IsUsable) await Task.Delay(1, patience.Token);
    }

    [Fact]
    public async Task Nobody_at_the_port_is_unreachable()
    {
        var server = ScriptedSmtpServer.Start();
        var endPoint = server.EndPoint;
        await server.DisposeAsync();
        await using var other = ScriptedSmtpServer.Start();
        (await DialAsync(other, with: target => target with { EndPoint = endPoint })).Should().BeOfType<DialOutcome.Unreachable>();
    }

    [Fact]
    public async Task A_host_that_takes_no_connection_is_given_up()
    {
        // A listener whose backlog is full answers nobody.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(listener.LocalEndPoint!);
        await using var server = ScriptedSmtpServer.Start();
        (await DialAsync(server, with: target => target with { EndPoint = (IPEndPoint)listener.LocalEndPoint! }, options: new SendingOptions { ConnectTimeout = TimeSpan.FromMilliseconds(300) }))
            .Should().BeOfType<DialOutcome.Unreachable>().Which.Reason.Should().Contain("No answer within");
    }

    [Fact]
    public async Task Connections_come_from_the_address_that_was_chosen()
    {
        await using var server = ScriptedSmtpServer.Start();
        var connected = (DialOutcome.Connected)await DialAsync(server, options: new SendingOptions { SourceAddressIPv4 = "127.0.0.2", SourceAddressIPv6 = "::1" });
        connected.Connection.Transport.LocalEndPoint.Address.Should().Be(IPAddress.Parse("127.0.0.2"));
        await connected.Connection.QuitAsync(CancellationToken.None);
        (await DialAsync(server, options: new SendingOptions { SourceAddressIPv4 = "192.0.2.99" })).Should().BeOfType<DialOutcome.Unreachable>();
    }

    [Fact]
    public async Task IPv6_is_as_good()
    {
        await using var server = ScriptedSmtpServer.Start(address: IPAddress.IPv6Loopback);
        (await SendAsync(server, Message("hello\r\n"u8.ToArray()))).Should().AllBeOfType<RecipientOutcome.Accepted>();
    }

    [Fact]
    public async Task A_smart_host_with_implicit_TLS_gets_our_credentials()
    {
        using var certificate = _authority.Issue("smart.example.com", ["smart.example.com"]);
        await using var server = ScriptedSmtpServer.Start();
        (server.Certificate, server.ImplicitTls, server.Login) = (certificate, true, ("joe", "secret"));
        (await DialAsync(server, new TlsPolicy.Encrypt(), with: target => target with { ImplicitTls = true, Credential = new SmtpCredential.Password("joe", "wrong") }))
            .Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.Refused>().Which.Reply.Code.Should().Be(535);
        (await SendAsync(server, Message("hello\r\n"u8.ToArray()), new TlsPolicy.Encrypt(), target => target with { ImplicitTls = true, Credential = new SmtpCredential.Password("joe", "secret") }))
            .Should().AllBeOfType<RecipientOutcome.Accepted>();
        server.Messages.Single().Tls.Should().BeTrue();
    }

    [Fact]
    public async Task LMTP_answers_for_each_recipient()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Recipient?.Contains("bob", StringComparison.Ordinal) == true ? "452 4.2.2 full" : null);
        server.Lmtp = true;
        var outcomes = await SendAsync(server, Message("hello\r\n"u8.ToArray(), "ann@example.com", "bob@example.com"), with: target => target with { Lmtp = true });
        outcomes[0].Should().BeOfType<RecipientOutcome.Accepted>();
        outcomes[1].Should().BeOfType<RecipientOutcome.Refused>().Which.Reply.Enhanced.Should().Be("4.2.2");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5000)]
    public async Task A_host_that_closes_in_the_middle_of_DATA_does_not_have_the_message(int afterOctets)
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("DATA") ? ScriptedAnswer.InviteAndClose(afterOctets) : null);
        (await SendAsync(server, ToBeCut(server))).Single().Should().BeOfType<RecipientOutcome.Lost>();
        server.Messages.Should().BeEmpty();
    }

    [Fact]
    public async Task A_host_that_closes_in_the_middle_of_a_chunk_does_not_have_the_message()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("BDAT") ? new ScriptedAnswer { ClosesAfterOctets = 5000 } : null);
        server.Keywords = ["CHUNKING"];
        (await SendAsync(server, ToBeCut(server))).Single().Should().BeOfType<RecipientOutcome.Lost>();
    }

    [Fact]
    public async Task A_host_that_says_why_it_closes_is_heard()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("DATA") ? ScriptedAnswer.InviteAndClose(5000, "552 5.3.4 too much") : null);
        (await SendAsync(server, Message(Lines(3_000_000, 1)))).Single().Should().BeOfType<RecipientOutcome.Refused>().Which.Should().Match<RecipientOutcome.Refused>(refused => (refused.Stage == SmtpStage.Text || refused.Stage == SmtpStage.EndOfText) && refused.IsPermanent);
    }

    [Fact]
    public async Task A_host_that_does_not_take_the_message_is_given_up()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("DATA") ? ScriptedAnswer.Say("354 go on") with { ClosesAfterOctets = int.MaxValue } : null);
        // It takes all that comes and says nothing to the end: what is left is patience.
        (await SendAsync(server, Message(Lines(100_000, 1)), client: Client with { EndTimeout = TimeSpan.FromMilliseconds(300) })).Single().Should().BeOfType<RecipientOutcome.Unknown>().Which.Loss.Reason.Should().Be(LossReason.TimedOut);
    }

    [Fact]
    public async Task A_drip_of_octets_does_not_hold_us()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Is("MAIL") ? ScriptedAnswer.Drip("250 " + new string('x', 100_000), TimeSpan.FromMilliseconds(20)) : null);
        (await SendAsync(server, Message("hello\r\n"u8.ToArray()), client: Client with { MailTimeout = TimeSpan.FromMilliseconds(500) })).Single().Should().BeOfType<RecipientOutcome.Lost>().Which.Loss.Should().Match<ConnectionLoss>(loss => loss.Reason == LossReason.TimedOut && loss.Stage == SmtpStage.Mail);
    }

    [Theory]
    [InlineData("220-and so on")]
    [InlineData("x")]
    public async Task A_greeting_without_an_end_is_cut_off(string text)
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Line == ScriptedSmtpServer.Greeting ? ScriptedAnswer.Repeat(text) : null);
        (await DialAsync(server)).Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.Malformed);
    }

    [Fact]
    public async Task A_host_that_says_nothing_is_given_up()
    {
        await using var server = ScriptedSmtpServer.Start(command => command.Line == ScriptedSmtpServer.Greeting ? ScriptedAnswer.Silence : null);
        (await DialAsync(server, client: Client with { GreetingTimeout = TimeSpan.FromMilliseconds(200) })).Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.Lost>().Which.Loss.Reason.Should().Be(LossReason.TimedOut);
    }

    public void Dispose() => _authority.Dispose();

    /// <summary>A message of which the second half is there when the server has closed: what waits in the buffers of the kernel is neither sent nor lost.</summary>
    private static OutgoingMessage ToBeCut(ScriptedSmtpServer server)
    {
        const int half = 65536;
        var octets = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("12345678\r\n", half / 5)));
        return Message(octets) with { OpenAsync = _ => ValueTask.FromResult<Stream>(new HaltingStream(octets, half, () => server.OpenConnections == 0)) };
    }

    private sealed class HaltingStream(byte[] octets, int half, Func<bool> mayGoOn) : MemoryStream(octets)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < half) return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, half - Position)], cancellationToken);
            while (!mayGoOn()) await Task.Delay(1, cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }

    /// <summary>Lines of all lengths, some of which begin with dots.</summary>
    private static byte[] Lines(int octets, int seed)
    {
        var random = new Random(seed);
        var text = new MemoryStream();
        while (text.Length < octets)
        {
            if (random.Next(5) == 0) text.Write("."u8);
            for (var i = random.Next(120); i > 0; i--) text.WriteByte((byte)(random.Next(20) == 0 ? '.' : random.Next(0x20, 0x100)));
            text.Write("\r\n"u8);
        }
        return text.ToArray();
    }
}
