using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.TestKit;
using Merpati.TestKit.Scanners;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>ClamAV by its stream protocol, and what becomes of a message by what it says or does not say.</summary>
public sealed class ClamdTests
{
    [Fact]
    public async Task What_is_clean_comes_in_and_the_header_says_so()
    {
        var received = new TaskCompletionSource<string>();
        await using var clamd = Clamd("stream: OK\0", received);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address));

        await fixture.SendAsync();

        (await received.Task).Should().Be("Subject: hi\r\nFrom: joe@example.org\r\n\r\nhello\r\n");
        fixture.Message().Should().StartWith("X-Merpati-Scan: clamd=clean\r\nReceived: ");
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("clamd=clean");
        fixture.Journal.Events.Should().ContainSingle(one => one.Step == TimelineStep.Accepted).Which.Detail.Should().EndWith("; clamd=clean");
    }

    [Fact]
    public async Task Malware_is_refused_and_nothing_of_it_stays()
    {
        await using var clamd = Clamd("stream: Eicar-Signature FOUND\0");
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address));

        await fixture.SendAsync(@"550 5.7.1 The message carries malware \[virus\]");

        fixture.Queue.Entries.Should().BeEmpty();
        fixture.Contents.Committed.Should().BeEmpty();
        var capsule = fixture.Capsule();
        capsule.Facts.List(MailFact.Viruses).Should().Equal("Eicar-Signature");
        StandardPolicy.Policy.Judge(capsule.Facts).Should().Be(capsule.Verdict);
    }

    [Theory]
    [InlineData("Accept", ScanFixture.Ok)]
    [InlineData("Quarantine", ScanFixture.Ok)]
    [InlineData("Defer", @"451 4\.3\.0 Message cannot be looked at now, try again later \[scanner\]")]
    public async Task When_it_is_away_the_chosen_answer_holds(string answer, string reply)
    {
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", $"inet:127.0.0.1:{FreePorts.Take()}", 0, ("WhenAway", answer)));
        await fixture.SendAsync(reply);
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("clamd=away");
        fixture.Capsule().Verdict.Action.Name().Should().BeEquivalentTo(answer);
    }

    [Theory]
    [InlineData("garbage\0")]
    [InlineData("stream: Can't allocate memory ERROR\0")]
    [InlineData("")]
    [InlineData("an answer without an end")]
    public async Task What_it_says_that_is_no_answer_means_away(string said)
    {
        await using var clamd = Clamd(said);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address));
        await fixture.SendAsync(@"451 4\.3\.0 .* \[scanner\]");
    }

    [Fact]
    public async Task An_endless_answer_means_away()
    {
        await using var clamd = new ScriptedServer(async (stream, stop) =>
        {
            while (true) await stream.WriteAsync("stream: and so on "u8.ToArray(), stop);
        });
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address));
        await fixture.SendAsync(@"451 4\.3\.0 .* \[scanner\]");
    }

    [Fact]
    public async Task One_that_hangs_costs_no_more_than_its_time()
    {
        await using var clamd = new ScriptedServer(async (_, stop) => await Task.Delay(Timeout.Infinite, stop));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address, 0, ("Timeout", "00:00:30"), ("WhenAway", "Accept")));
        var begun = fixture.Time.GetUtcNow();
        await fixture.PassTimeAsync(fixture.SendAsync());
        (fixture.Time.GetUtcNow() - begun).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Its_limit_on_size_is_no_fault_even_when_it_closes_before_all_is_sent()
    {
        await using var clamd = new ScriptedServer(async (stream, stop) =>
        {
            await stream.ReadExactlyAsync(new byte[20], stop);
            await stream.WriteAsync("INSTREAM size limit exceeded. ERROR\0"u8.ToArray(), stop);
            stream.Socket.Shutdown(SocketShutdown.Send);
            await Task.Delay(Timeout.Infinite, stop);
        });
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", clamd.Address, 0, ("WhenTooBig", "Quarantine")));
        await fixture.SendAsync(body: new string('x', 900) + "\n" + new string('y', 900));
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("clamd=too-big");
        fixture.Capsule().Verdict.Action.Should().Be(PolicyAction.Quarantine);
    }

    [Fact]
    public async Task What_is_larger_than_it_is_shown_is_not_sent_to_it()
    {
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", $"inet:127.0.0.1:{FreePorts.Take()}", 0, ("MaxSize", "20")));
        await fixture.SendAsync();
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("clamd=too-big");
    }

    [Fact]
    public async Task It_is_heard_over_a_Unix_socket_too()
    {
        var path = Path.Combine(Path.GetTempPath(), $"clamd-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var serving = Task.Run(async () =>
        {
            await using var stream = new NetworkStream(await listener.AcceptAsync(), ownsSocket: true);
            await ReadMessageAsync(stream, CancellationToken.None);
            await stream.WriteAsync("stream: OK\0"u8.ToArray());
        });
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Clamd", "unix:" + path));
        await fixture.SendAsync();
        await serving;
        File.Delete(path);
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("clamd=clean");
    }

    [Fact]
    public async Task A_rule_may_decide_otherwise_than_the_scanner_asks()
    {
        using var policy = new TemporaryFile("rules: [{ name: trusted, when: { scan.results: clamd=virus }, then: junk }]");
        await using var clamd = Clamd("stream: Some.Joke FOUND\0");
        await using var fixture = new IngressFixture([("Policy", policy.Path), .. ScanFixture.Scanner("Clamd", clamd.Address)]);
        await fixture.SendAsync();
        fixture.Message().Should().StartWith("X-Merpati-Verdict: junk; rule=trusted;").And.Contain("X-Merpati-Scan: clamd=virus (Some.Joke)\r\n");
    }

    private static ScriptedServer Clamd(string answer, TaskCompletionSource<string>? received = null) => new(async (stream, stop) =>
    {
        var message = await ReadMessageAsync(stream, stop);
        received?.TrySetResult(message);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), stop);
    });

    private static async Task<string> ReadMessageAsync(NetworkStream stream, CancellationToken stop)
    {
        var command = new byte["zINSTREAM\0".Length];
        await stream.ReadExactlyAsync(command, stop);
        Encoding.ASCII.GetString(command).Should().Be("zINSTREAM\0");
        var message = new StringBuilder();
        var length = new byte[sizeof(uint)];
        while (true)
        {
            await stream.ReadExactlyAsync(length, stop);
            var piece = new byte[BinaryPrimitives.ReadUInt32BigEndian(length)];
            if (piece.Length == 0) return message.ToString();
            await stream.ReadExactlyAsync(piece, stop);
            message.Append(Encoding.UTF8.GetString(piece));
        }
    }
}

/// <summary>A file with a text, while a test needs it.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(string text) => File.WriteAllText(Path, text);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"merpati-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(Path);
}
