using System.Text;
using AwesomeAssertions;
using Merpati.Envelopes;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Merpati.Timeline;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

public sealed class SubmissionTests
{
    internal static readonly TransportSettings InTls = new() { StartsInTls = true };

    internal static readonly string Authenticated = $"""
        S~ 220 .*
        C: EHLO client
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S~ 250-.*
        S: 250-DSN
        S~ 250-FUTURERELEASE 2592000 .*
        S: 250-LIMITS RCPTMAX=1000 MAILMAX=10000
        S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
        C: AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes("\0ann@example.test\0" + MemoryDirectory.Password))}
        S: 235 2.7.0 Authentication successful

        """;

    private static readonly string Data = Authenticated + """
        C: MAIL FROM:<ann@example.test>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<bob@example.test>
        S: 250 2.1.5 Recipient OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK
        C: DATA
        S~ 354 .*

        """;

    [Theory]
    [InlineData("hello", BodyType.SevenBit)]
    [InlineData("gr\u00FC\u00DFe", BodyType.EightBitMime)]
    public async Task Octets_above_127_that_nobody_declared_are_passed_on_as_what_they_are(string text, BodyType body)
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Data + $"""
            C: From: Ann <ann@example.test>
            C:
            C: {text}
            C: .
            S~ 250 2.0.0 .*
            """, InTls);
        fixture.Queue.Entries.Should().ContainSingle().Which.Body.Should().Be(body);
    }

    [Fact]
    public async Task Missing_date_and_message_id_are_added_on_top()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Data + """
            C: From: Ann <ann@example.test>
            C:
            C: hello
            C: .
            S~ 250 2.0.0 .*
            """, InTls);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        entry.Submitter.Should().NotBeNull();
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().Be($"""
            Received: from client (unknown [192.0.2.7])
            	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384)
            	by mail.example.test with ESMTPSA id {entry.Id};
            	Tue, 24 Nov 2026 12:00:00 +0000
            Date: Tue, 24 Nov 2026 12:00:00 +0000
            Message-ID: <{entry.Id}@mail.example.test>

            """.ReplaceLineEndings("\r\n"));
        fixture.Journal.Subjects.Should().ContainSingle().Which.MessageId.Should().Be($"<{entry.Id}@mail.example.test>");
    }

    [Fact]
    public async Task Date_and_message_id_that_are_there_stay()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Data + """
            C: From: ann@example.test
            C: date: Tue, 24 Nov 2026 12:00:00 +0000
            C: message-id:
            C:  <1@example.test>
            C:
            C: .
            S~ 250 2.0.0 .*
            """, InTls);
        Encoding.ASCII.GetString(fixture.Queue.Entries.Single().TraceHeaders.Span).Should().NotContain("Date:").And.NotContain("Message-ID:");
        fixture.Journal.Subjects.Single().MessageId.Should().Be("<1@example.test>");
    }

    [Theory]
    [InlineData("ann@example.test", "250 2.1.0 Sender OK")]
    [InlineData("ann+tag@example.test", "250 2.1.0 Sender OK")]
    [InlineData("bob@example.test", "553 5.7.1 Sender address does not belong to your account")]
    [InlineData("ann@remote.example", "553 5.7.1 Sender address does not belong to your account")]
    [InlineData("", "550 5.7.1 The null sender is not for submission")]
    public async Task The_reverse_path_must_be_the_accounts(string sender, string reply)
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Authenticated + $"""
            C: MAIL FROM:<{sender}>
            S: {reply}
            """, InTls);
    }

    [Theory]
    [InlineData("From: Ann <ann@example.test>", true)]
    [InlineData("FROM :\n <ann+news@example.test>", true)]
    [InlineData("Subject: no author", true)]
    [InlineData("From: ann@example.test, bob@example.test", false)]
    [InlineData("From: Ann <ann@example.test>\nFrom: bob@example.test", false)]
    [InlineData("From: \"ann@example.test\" <bob@example.test>", false)]
    [InlineData("From: nobody:;", false)]
    [InlineData("From:", false)]
    [InlineData("not a header\nFrom: bob@example.test", false)]
    [InlineData("X-A: b\n From: folded@remote.example", true)]
    public async Task From_must_be_the_accounts(string header, bool accepted)
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Data + string.Concat(header.Split('\n').Select(line => $"C: {line}\n")) + $"""
            C:
            C: From: body@remote.example
            C: .
            S~ {(accepted ? "250 2.0.0 .*" : "550 5.7.1 From of the message does not belong to your account")}
            """, InTls);
        fixture.Contents.OpenWriters.Should().Be(0);
        fixture.Queue.Entries.Should().HaveCount(accepted ? 1 : 0);
    }

    [Theory]
    [InlineData("joe@remote.example", "250 2.1.5 Recipient OK")]
    [InlineData("joe%elsewhere.example@remote.example", "250 2.1.5 Recipient OK")]
    [InlineData("joe@[192.0.2.1]", "250 2.1.5 Recipient OK")]
    [InlineData("joe%remote.example@example.test", "550 5.7.1 Relaying denied")]
    [InlineData("joe@localhost", "550 5.1.2 The domain of the recipient cannot be in DNS")]
    [InlineData("nobody@example.test", "550 5.1.1 No such user here")]
    public async Task Our_users_send_to_the_world(string recipient, string reply)
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Authenticated + $"""
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<{recipient}>
            S: {reply}
            """, InTls);
    }

    [Fact]
    public async Task A_message_for_here_and_elsewhere_is_one_local_entry_and_one_for_each_destination_all_together()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Authenticated + """
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<joe@Remote.example>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<eve@other.example>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<jim@remote.EXAMPLE>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: From: ann@example.test
            C:
            C: hello
            C: .
            S~ 250 2.0.0 Ok: queued as [0-9a-f]{32}
            """, InTls);
        var entries = fixture.Queue.Entries;
        entries.Select(entry => (entry.Route, entry.Destination, string.Join(' ', entry.Recipients.Select(r => r.Recipient.Address)))).Should().Equal(
            (QueueRoute.Local, null, "bob@example.test"), (QueueRoute.Relay, "remote.example", "joe@remote.example jim@remote.example"), (QueueRoute.Relay, "other.example", "eve@other.example"));
        entries.Select(entry => entry.Id).Should().OnlyHaveUniqueItems();
        entries.Should().OnlyContain(entry => entry.Content == entries[0].Content && entry.Submitter != null && entry.ReversePath == entries[0].ReversePath);
        fixture.Queue.Commits.Should().Be(1);
        fixture.Bell.Rings.Should().Be(2, "one for each route");
        fixture.Journal.Events.Where(e => e.QueueId == entries[0].Id && e.Step == TimelineStep.Queued).Select(e => e.Detail).Should()
            .Equal($"for relay to remote.example as {entries[1].Id}", $"for relay to other.example as {entries[2].Id}");
        fixture.Journal.Subjects.Select(subject => subject.QueueId).Should().Equal(entries.Select(entry => entry.Id));
    }

    [Fact]
    public async Task A_message_for_one_destination_keeps_the_id_that_the_client_was_told()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Authenticated + """
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<joe@remote.example>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: From: ann@example.test
            C:
            C: .
            S~ 250 2.0.0 .*
            """, InTls);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        (entry.Route, entry.Destination).Should().Be((QueueRoute.Relay, "remote.example"));
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().Contain($"id {entry.Id}");
        fixture.Journal.Events.Select(e => (e.QueueId, e.Step)).Should().Equal((entry.Id, TimelineStep.Accepted), (entry.Id, TimelineStep.Queued));
    }

    [Fact]
    public async Task Nobody_relays_before_authentication()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, """
            S~ 220 .*
            C: HELO client
            S~ 250 .*
            C: MAIL FROM:<ann@example.test>
            S~ 530 5.7.0 .*
            C: RCPT TO:<joe@remote.example>
            S~ 5[05][03] .*
            """, InTls);
    }

    [Fact]
    public async Task A_directory_that_does_not_answer_is_a_temporary_error()
    {
        await using var fixture = new IngressFixture();
        await using var transcript = new Transcript((transport, lifetime) => fixture.Sessions.RunAsync(transport, SmtpRole.Submission, lifetime), InTls, fixture.Time);
        await transcript.RunAsync(Authenticated);
        fixture.Directory.Fault = new IOException("down");
        await transcript.RunAsync("""
            C: MAIL FROM:<ann@example.test>
            S: 451 4.3.0 Local error, try again later
            """);
    }

    [Theory]
    [InlineData("HostName", "", "HostName: write the server's name*")]
    [InlineData("MaxRecipients", "1", "SmtpIngressOptions.MaxRecipients must be between 100 and 100000*")]
    [InlineData("DataTimeout", "00:00:01", "SmtpIngressOptions.DataTimeout must be between 00:00:10 and 01:00:00*")]
    public async Task Wrong_settings_are_named(string key, string value, string message)
    {
        await using var fixture = new IngressFixture((key, value));
        var get = () => fixture.Sessions;
        get.Should().Throw<OptionsValidationException>().WithMessage("*" + message);
    }

    [Fact]
    public async Task A_held_message_is_due_at_its_release()
    {
        await using var fixture = new IngressFixture();
        await fixture.RunAsync(SmtpRole.Submission, Authenticated + """
            C: MAIL FROM:<ann@example.test> HOLDFOR=3600
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C> BDAT 0 LAST\r\n
            S~ 250 2.0.0 .*
            """, InTls);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        entry.NextAttemptAt.Should().Be(entry.AcceptedAt.AddHours(1));
        fixture.Journal.Events.Should().ContainSingle().Which.Detail.Should().EndWith(", held until 2026-11-24 13:00:00Z");
    }

    [Fact]
    public async Task A_priority_is_granted_up_to_the_highest_and_shows_in_the_trace()
    {
        await using var fixture = new IngressFixture(("MtPriority", "true"), ("MaxPriority", "2"), ("MaxHold", "00:00:00"));
        await fixture.RunAsync(SmtpRole.Submission, Authenticated.Replace("FUTURERELEASE 2592000 .*", "MT-PRIORITY", StringComparison.Ordinal) + """
            C: MAIL FROM:<ann@example.test> MT-PRIORITY=7
            S: 250 2.3.6 2 is the highest priority here
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C> BDAT 0 LAST\r\n
            S~ 250 2.0.0 .*
            """, InTls);
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().Contain($"id {entry.Id} PRIORITY 2\r\n");
    }
}
