using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Queueing;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class MxTests
{
    private const string Hello = """
        S~ 220 .*
        C: HELO client.example.org
        S: 250 mail.example.test

        """;

    private const string Begin = Hello + """
        C: MAIL FROM:<joe@example.org>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK

        """;

    private const string Binary = Hello + """
        C: MAIL FROM:<joe@example.org> BODY=BINARYMIME
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK

        """;

    private const string Data = Begin + """
        C: DATA
        S~ 354 .*

        """;

    [Fact]
    public async Task A_message_is_stored_queued_recorded_and_announced()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Mx, Data + """
            C: Message-ID: <1@example.org>
            C: Subject: hi
            C:
            C: ..hello
            C: .
            S~ 250 2.0.0 Ok: queued as [0-9a-f]{32}
            """);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        Encoding.ASCII.GetString(fixture.Contents.Committed[entry.Content]).Should().Be("Message-ID: <1@example.org>\r\nSubject: hi\r\n\r\n.hello\r\n");
        entry.Size.Should().Be(fixture.Contents.Committed[entry.Content].Length);
        entry.Route.Should().Be(QueueRoute.Local);
        entry.Submitter.Should().BeNull();
        entry.NextAttemptAt.Should().Be(entry.AcceptedAt).And.Be(fixture.Time.GetUtcNow());
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().Be($"""
            Received: from client.example.org (unknown [192.0.2.7])
            	by mail.example.test with SMTP id {entry.Id}
            	for <ann@example.test>;
            	Tue, 24 Nov 2026 12:00:00 +0000

            """.ReplaceLineEndings("\r\n"));
        var subject = fixture.Journal.Subjects.Should().ContainSingle().Which;
        subject.MessageId.Should().Be("<1@example.org>");
        subject.ReversePath.Should().Be("joe@example.org");
        subject.QueueId.Should().Be(entry.Id);
        fixture.Journal.Events.Should().ContainSingle().Which.Step.Should().Be(TimelineStep.Accepted);
        fixture.Bell.Rings.Should().Be(1);
        fixture.Contents.OpenWriters.Should().Be(0);
    }

    [Theory]
    [InlineData("ann@example.test", "250 2.1.5 Recipient OK")]
    [InlineData("ANN+tag@EXAMPLE.TEST", "250 2.1.5 Recipient OK")]
    [InlineData("sales@example.test", "250 2.1.5 Recipient OK")]
    [InlineData("@relay.example:ann@example.test", "250 2.1.5 Recipient OK")]
    [InlineData("nobody@example.test", "550 5.1.1 No such user here")]
    [InlineData("joe@example.test", "550 5.2.1 Mailbox is disabled")]
    [InlineData("postmaster@example.test", "250 2.1.5 Recipient OK")]
    [InlineData("Postmaster", "250 2.1.5 Recipient OK")]
    [InlineData("ann@remote.example", "550 5.7.1 Relaying denied")]
    [InlineData("@example.test:ann@remote.example", "550 5.7.1 Relaying denied")]
    [InlineData("ann%remote.example@example.test", "550 5.7.1 Relaying denied")]
    [InlineData("\"ann@remote.example\"@example.test", "550 5.7.1 Relaying denied")]
    [InlineData("remote.example!ann@example.test", "550 5.7.1 Relaying denied")]
    [InlineData("ann@remote.example@example.test", "501 5.1.3 Bad recipient address syntax")]
    [InlineData("ann@[192.0.2.1]", "550 5.7.1 Relaying denied")]
    public async Task Recipients_are_judged(string recipient, string reply)
    {
        await using var fixture = new IngressFixture();
        fixture.Directory.AddAlias("postmaster@example.test", "ann@example.test");
        fixture.Directory.AddAlias("postmaster@mail.example.test", "ann@example.test"); // without a domain it is this server's own
        await fixture.RunAsync(SmtpRole.Mx, Hello + $"""
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<{recipient}>
            S: {reply}
            """);
    }

    [Fact]
    public async Task A_catch_all_does_not_swallow_what_was_meant_to_be_relayed()
    {
        await using var fixture = new IngressFixture();
        fixture.Directory.CatchAll = EmailAddress.Parse("ann@example.test");
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<anybody@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<joe%remote.example@example.test>
            S: 550 5.7.1 Relaying denied
            """);
    }

    [Fact]
    public async Task A_rewritten_sender_of_ours_takes_reports_and_nothing_else()
    {
        await using var fixture = new IngressFixture();
        fixture.Directory.AddAlias("SRS0=aaaaaaaa=bb=remote.example=joe@example.test", "joe@remote.example"); // what the directory says of one that it made
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<spam@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<SRS0=aaaaaaaa=bb=remote.example=joe@example.test>
            S: 550 5.7.1 This address takes delivery reports only
            C: RSET
            S~ 250 .*
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<SRS0=cccccccc=bb=remote.example=joe@example.test>
            S: 550 5.1.1 No such user here
            C: RCPT TO:<SRS0=aaaaaaaa=bb=remote.example=joe@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: .
            S~ 250 2.0.0 .*
            """);
        fixture.Queue.Entries.Should().ContainSingle().Which.Route.Should().Be(QueueRoute.Local, "Delivery routes it on");
    }

    [Fact]
    public async Task Mail_of_strangers_stays_here_whatever_becomes_of_the_domain()
    {
        await using var fixture = new IngressFixture();
        fixture.Directory.AddAlias("list@gone.example", "ann@example.test"); // resolves, and is no domain of ours any more
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<list@gone.example>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: .
            S~ 250 2.0.0 .*
            """);
        fixture.Queue.Entries.Should().ContainSingle().Which.Route.Should().Be(QueueRoute.Local);
    }

    [Fact]
    public async Task A_directory_that_does_not_answer_is_never_an_unknown_user()
    {
        await using var fixture = new IngressFixture();
        fixture.Directory.Fault = new IOException("down");
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 451 4.3.0 Local error, try again later
            """);
    }

    [Fact]
    public async Task The_mx_does_not_offer_authentication()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Mx, Hello + """
            C: AUTH PLAIN AGEAYg==
            S: 502 5.5.1 Command not implemented
            """, new TransportSettings { StartsInTls = true });
    }

    public static TheoryData<string, bool, string> StoreFaults => new()
    {
        { "create", true, "452 4.3.1 Insufficient system storage, try again later" },
        { "create", false, "451 4.3.0 Local error, try again later" },
        { "write", true, "452 4.3.1 Insufficient system storage, try again later" },
        { "write", false, "451 4.3.0 Local error, try again later" },
        { "commit", true, "452 4.3.1 Insufficient system storage, try again later" },
        { "commit", false, "451 4.3.0 Local error, try again later" },
        { "enqueue", true, "452 4.3.1 Insufficient system storage, try again later" },
        { "enqueue", false, "451 4.3.0 Local error, try again later" },
    };

    [Theory]
    [MemberData(nameof(StoreFaults))]
    public async Task Trouble_with_the_store_is_temporary_and_promises_nothing(string step, bool full, string reply)
    {
        await using var fixture = new IngressFixture();
        Exception fault = full ? new StoreFullException("test") : new StoreUnavailableException("test", "down");
        switch (step)
        {
            case "create": fixture.Contents.OnCreate = fault; break;
            case "write": fixture.Contents.OnWrite = fault; break;
            case "commit": fixture.Contents.OnCommit = fault; break;
            default: fixture.Queue.OnEnqueue = fault; break;
        }
        await fixture.RunAsync(SmtpRole.Mx, step == "create"
            ? Begin + $"""
                C: DATA
                S: {reply}
                C: NOOP
                S: 250 2.0.0 OK
                """
            : Data + $"""
                C: hello
                C: .
                S: {reply}
                C: NOOP
                S: 250 2.0.0 OK
                """);
        fixture.Queue.Entries.Should().BeEmpty();
        fixture.Bell.Rings.Should().Be(0);
        fixture.Contents.OpenWriters.Should().Be(0);
        if (step == "enqueue") fixture.Journal.Events.Select(entry => entry.Step).Should().Equal(TimelineStep.Accepted, TimelineStep.Refused);
    }

    [Fact]
    public async Task A_full_store_refuses_at_mail_for_a_moment_and_recovers()
    {
        await using var fixture = new IngressFixture();
        fixture.Contents.OnCommit = new StoreFullException("test");
        await using var transcript = new Transcript((transport, lifetime) => fixture.Sessions.RunAsync(transport, SmtpRole.Mx, lifetime), time: fixture.Time);
        await transcript.RunAsync(Data + """
            C: hello
            C: .
            S~ 452 4.3.1 .*
            C: MAIL FROM:<>
            S~ 452 4.3.1 .*
            * advance 0:02
            """);
        fixture.Contents.OnCommit = null;
        await transcript.RunAsync("""
            C: MAIL FROM:<>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: .
            S~ 250 2.0.0 .*
            """);
    }

    [Fact]
    public async Task A_timeline_that_cannot_be_written_costs_no_message()
    {
        await using var fixture = new IngressFixture();
        fixture.Journal.OnAppend = new StoreUnavailableException("journal", "down");
        await fixture.RunAsync(SmtpRole.Mx, Data + """
            C: hello
            C: .
            S~ 250 2.0.0 .*
            """);
        fixture.Queue.Entries.Should().ContainSingle();
    }

    [Fact]
    public async Task A_message_that_goes_in_circles_is_refused()
    {
        await using var fixture = new IngressFixture(("MaxHops", "10"));
        var hops = string.Concat(Enumerable.Repeat("C: Received: from a by b;\nC:  Tue, 24 Nov 2026 12:00:00 +0000\n", 11));
        await fixture.RunAsync(SmtpRole.Mx, Data + hops + """
            C:
            C: .
            S~ 554 5\.4\.6 .*
            """);
        fixture.Contents.Committed.Should().BeEmpty();
    }

    [Fact]
    public async Task An_endless_header_is_refused_and_a_long_body_is_not()
    {
        await using var fixture = new IngressFixture(("MaxHeaderSize", "16384"));
        var fields = string.Concat(Enumerable.Repeat("C: X-Filler: " + new string('x', 900) + "\n", 20));
        await fixture.RunAsync(SmtpRole.Mx, Data + fields + """
            C: .
            S~ 552 5\.3\.4 .*
            """);
        await fixture.RunAsync(SmtpRole.Mx, Data + "C: Subject: x\nC:\n" + fields + """
            C: .
            S~ 250 2.0.0 .*
            """);
    }

    [Fact]
    public async Task The_queue_id_is_the_trace_id_where_somebody_listens()
    {
        using var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = source => source.Name == "Merpati.SmtpIngress",
            Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllData,
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Mx, Data + """
            C: hello
            C: .
            S~ 250 2.0.0 .*
            """);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        entry.TraceParent.Should().StartWith($"00-{entry.Id}-");
    }

    [Fact]
    public async Task A_trusted_proxy_speaks_for_its_client_and_strangers_do_not()
    {
        await using var fixture = new IngressFixture(("XClientNetworks:0", "192.0.2.0/28"), ("XForwardNetworks:0", "192.0.2.7"));
        const string Message = """
            S: 220 mail.example.test ESMTP Merpati
            C: HELO client.example.org
            S: 250 mail.example.test
            C: XFORWARD NAME=origin.example.net ADDR=198.51.100.4
            S: 250 2.0.0 OK
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            C> BDAT 0 LAST\r\n
            S~ 250 2.0.0 .*
            """;
        await fixture.RunAsync(SmtpRole.Mx, """
            S: 220 mail.example.test ESMTP Merpati
            C: XCLIENT NAME=client.example.org ADDR=203.0.113.5

            """ + Message);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().StartWith("Received: from client.example.org (client.example.org [203.0.113.5])\r\n");
        fixture.Journal.Events.Should().ContainSingle().Which.Detail.Should().Be("from client.example.org [203.0.113.5] with SMTP on behalf of origin.example.net[198.51.100.4]");
        await fixture.RunAsync(SmtpRole.Mx, """
            S: 220 mail.example.test ESMTP Merpati
            C: XCLIENT ADDR=203.0.113.5
            S: 550 5.7.1 Not from your address
            """, new TransportSettings { Client = System.Net.IPEndPoint.Parse("192.0.2.20:4711") });
    }

    [Theory]
    [InlineData(@"Content-Transfer-Encoding: binary\r\n\r\n\0\r\n\n", "Content-Transfer-Encoding: base64\r\n\r\nAA0KCg==\r\n", 41)]
    [InlineData(@"Content-Transfer-Encoding: binary\r\n\r\nlines all the same\r\n", "Content-Transfer-Encoding: 8bit\r\n\r\nlines all the same\r\n", 57)]
    [InlineData(@"Subject: hi\r\n\r\nlines\r\n", "Subject: hi\r\n\r\nlines\r\n", 22)]
    public async Task A_binary_message_is_kept_as_lines(string sent, string kept, int length)
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Mx, Binary + $"""
            C> BDAT {length} LAST\r\n{sent}
            S~ 250 2.0.0 .*
            """);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        Encoding.ASCII.GetString(fixture.Contents.Committed[entry.Content]).Should().Be(kept);
        entry.Size.Should().Be(fixture.Contents.Committed[entry.Content].Length);
        entry.Body.Should().Be(Merpati.Envelopes.BodyType.EightBitMime);
        fixture.Contents.OpenWriters.Should().Be(0);
    }

    [Fact]
    public async Task A_binary_message_whose_signature_would_break_is_refused()
    {
        await using var fixture = new IngressFixture();
        const string Signed = @"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\0\r\n--b--\r\n";
        await fixture.RunAsync(SmtpRole.Mx, Binary + $"""
            C> BDAT {Signed.Replace(@"\r\n", "xx", StringComparison.Ordinal).Replace(@"\0", "x", StringComparison.Ordinal).Length} LAST\r\n{Signed}
            S: 554 5.6.3 Binary message cannot be converted for delivery without harm
            """);
        fixture.Queue.Entries.Should().BeEmpty();
    }
}
