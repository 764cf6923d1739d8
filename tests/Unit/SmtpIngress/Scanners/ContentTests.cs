using AwesomeAssertions;
using Merpati.Mail;
using Merpati.Mail.Content;
using Merpati.Mail.Policy;
using Merpati.Platform.Classifier;
using Merpati.SmtpIngress;
using Merpati.SmtpIngress.Scanners;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>What is looked at without any other program, at the door.</summary>
public sealed class ContentTests
{
    [Fact]
    public async Task What_runs_is_held_and_the_header_says_why()
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"));
        await fixture.SendAsync(header: "From: joe@example.org\nContent-Type: application/octet-stream; name=invoice.pdf.exe");
        fixture.Message().Should().StartWith("X-Merpati-Verdict: quarantine; rule=dangerous-attachment;").And.Contain("X-Merpati-Scan: content=signs (attachment-executable, attachment-double-extension)\r\n");
        var facts = fixture.Capsule().Facts;
        facts.List(MailFact.AttachmentExtensions).Should().Equal("exe");
        facts.Number(MailFact.AttachmentCount).Should().Be(1);
    }

    [Fact]
    public async Task What_is_harmless_comes_in()
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"));
        await fixture.SendAsync();
        fixture.Message().Should().StartWith("X-Merpati-Scan: content=clean\r\nReceived: ");
    }

    [Fact]
    public async Task A_domain_of_ours_in_the_name_of_the_author_is_told()
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"));
        await fixture.SendAsync(header: "From: \"support@example.test\" <joe@example.org>");
        fixture.Capsule().Facts.List(MailFact.ContentSigns).Should().Equal("author-name-address", "author-impersonates-us");
    }

    [Fact]
    public async Task The_classifier_says_nothing_untrained_and_puts_into_junk_what_it_has_learned()
    {
        await using var fixture = new IngressFixture(("Content:Classifier", "true"));
        await fixture.SendAsync(header: "Subject: cheap pills for the lottery winner", body: "casino prize bitcoin investment viagra");
        fixture.Message().Should().StartWith("X-Merpati-Scan: classifier=untrained\r\n");
        fixture.Capsule().Facts.Number(MailFact.ClassifierScore).Should().BeNull();

        await using var trained = new IngressFixture(("Content:Classifier", "true"));
        await TeachAsync(trained);
        await trained.SendAsync(header: "Subject: cheap pills for the lottery winner", body: "casino prize bitcoin investment viagra");
        trained.Message().Should().StartWith("X-Merpati-Verdict: junk; rule=classified-junk;").And.Contain("X-Merpati-Scan: classifier=junk score=");
        trained.Capsule().Facts.Number(MailFact.ClassifierScore).Should().BeGreaterThan(0.99);
    }

    [Fact]
    public async Task All_who_look_at_a_small_message_share_one_read_of_the_store()
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"), ("Content:Classifier", "true"));
        await TeachAsync(fixture);
        await fixture.SendAsync(header: "Subject: cheap pills\nFrom: joe@example.org\nContent-Type: text/html", body: "casino <a href=http://192.0.2.1/>prize</a>");
        fixture.Message().Should().Contain("X-Merpati-Scan: content=signs (link-address);\r\n\tclassifier=junk score=");
        fixture.Contents.Reads.Should().ContainSingle();
    }

    [Fact]
    public async Task A_large_message_is_gone_through_once_for_all_and_then_only_its_parts_are_read()
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"), ("Content:Classifier", "true"));
        await TeachAsync(fixture);
        var image = string.Join('\n', Enumerable.Repeat(new string('A', 76), 3000));
        await fixture.SendAsync(header: "Subject: cheap pills\nFrom: joe@example.org\nContent-Type: multipart/mixed; boundary=b",
            body: $"--b\nContent-Type: text/plain\n\ncasino prize bitcoin\n--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n{image}\n--b--");
        var size = fixture.Contents.Committed.Values.Should().ContainSingle().Which.Length;
        size.Should().BeGreaterThan(ScannedMessage.MaxHeld);
        // Its header for those who change it, and its structure.
        fixture.Contents.Reads.Where(read => read.Offset == 0 && read.Length == size).Should().HaveCount(2);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Mail_of_our_users_is_looked_at_where_that_is_configured_and_what_is_held_goes_nowhere(string submission)
    {
        await using var fixture = new IngressFixture(("Content:Enabled", "true"), ("Content:Submission", submission));
        await fixture.RunAsync(SmtpRole.Submission, SubmissionTests.Authenticated + """
            C: MAIL FROM:<ann@example.test>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<bob@example.test>
            S: 250 2.1.5 Recipient OK
            C: RCPT TO:<joe@elsewhere.example>
            S: 250 2.1.5 Recipient OK
            C: DATA
            S~ 354 .*
            C: From: ann@example.test
            C: Content-Type: application/octet-stream; name=tool.exe
            C:
            C: runs
            C: .
            S~ 250 2.0.0 .*

            """, SubmissionTests.InTls);
        if (submission == "false")
        {
            fixture.Queue.Entries.Select(entry => entry.Route).Should().Equal(QueueRoute.Local, QueueRoute.Relay);
            return;
        }
        var held = fixture.Queue.Entries.Should().ContainSingle().Which;
        held.Recipients.Should().HaveCount(2).And.OnlyContain(recipient => recipient.State == RecipientState.Held);
        held.Submitter.Should().NotBeNull("what is released is still his");
        fixture.Capsule().Facts.List(MailFact.ContentSigns).Should().Equal("attachment-executable");
        fixture.Capsule().Facts.Flag(MailFact.Submission).Should().BeTrue();
    }

    private static async Task TeachAsync(IngressFixture fixture)
    {
        for (var number = 0; number < TokenModel.MinMessages; number++)
        {
            await LearnAsync(fixture, $"Subject: cheap pills for the lottery winner {number}\r\n\r\ncasino prize bitcoin investment viagra\r\n", isJunk: true);
            await LearnAsync(fixture, $"Subject: minutes of our meeting {number}\r\n\r\nthe agenda for lunch with the budget review\r\n", isJunk: false);
        }
    }

    private static async Task LearnAsync(IngressFixture fixture, string text, bool isJunk)
    {
        var octets = System.Text.Encoding.ASCII.GetBytes(text);
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), default);
        var tokens = await MessageTokens.ReadAsync(structure, octets.Length, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), default);
        (await fixture.Classifier.LearnAsync([new Lesson(tokens, isJunk)], default)).Should().Be(1);
    }
}
