using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.TestKit.Scanners;
using Xunit;
using static Merpati.TestKit.Scanners.ScriptedFilter;

namespace Merpati.Tests.Unit.SmtpIngress.Scanners;

/// <summary>Filters that speak the milter protocol: what they hear of a transaction, and what becomes of what they want.</summary>
public sealed class MilterTests
{
    [Fact]
    public async Task A_filter_hears_the_transaction_as_it_was()
    {
        await using var filter = new ScriptedFilter();
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));

        await fixture.SendAsync(header: "Subject: a\n folded\nFrom: joe@example.org");

        var id = fixture.Queue.Entries[0].Id.ToString();
        filter.Heard.Where(one => one[0] is not ('O' or 'D' or 'A' or 'Q')).Should().Equal("C[192.0.2.7]|4" + filter.HeardOf('C').Single()[13..15] + "192.0.2.7|", "Hclient.example.org|", "M<joe@example.org>|", "R<ann@example.test>|", "T",
            "LSubject|a\n folded|", "LFrom|joe@example.org|", "N", "Bhello\r\n", "E");
        filter.HeardOf('D').Should().Contain($"Ei|{id}|").And.ContainMatch("Cj|mail.example.test|*");
        fixture.Message().Should().StartWith("X-Merpati-Scan: milter=accept\r\n");
        fixture.Contents.Committed.Should().ContainSingle();
    }

    [Fact]
    public async Task Fields_on_top_leave_the_octets_of_the_message_alone()
    {
        await using var filter = new ScriptedFilter().On('E', Numbered('i', 0, "X-Top", "1"), Packet('c', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync();
        fixture.Message().Should().EndWith("\r\nX-Top: 1\r\nSubject: hi\r\nFrom: joe@example.org\r\n\r\nhello\r\n");
        fixture.Contents.Committed.Should().ContainSingle();
    }

    [Fact]
    public async Task Whatever_else_it_changes_is_changed_and_nothing_more()
    {
        await using var filter = new ScriptedFilter().On('E',
            Texts('h', "X-End", "folded\n\there"), Numbered('i', 1, "X-Second", "2"), Numbered('m', 1, "Subject", "changed"), Numbered('m', 2, "X-Twice", ""), Numbered('m', 7, "X-Missing", "added"), Numbered('m', 1, "X-Nowhere", ""),
            Packet('b', "new "u8), Packet('b', "body\r\n"u8), Packet('c', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync(header: "X-Twice: 1\nSubject: hi\nX-Twice: 2\nnot a field but kept\nFrom: joe@example.org");
        fixture.Message().Should().EndWith("\r\nX-Twice: 1\r\nX-Second: 2\r\nSubject: changed\r\nnot a field but kept\r\nFrom: joe@example.org\r\nX-End: folded\r\n\there\r\nX-Missing: added\r\n\r\nnew body\r\n");
        fixture.Queue.Entries[0].Size.Should().Be(fixture.Contents.Committed[fixture.Queue.Entries[0].Content].Length);
    }

    [Fact]
    public async Task The_next_filter_sees_what_the_one_before_made_of_it()
    {
        await using var one = new ScriptedFilter().On('E', Numbered('i', 0, "X-One", "1"), Packet('b', "other\r\n"u8), Packet('c', []));
        await using var two = new ScriptedFilter();
        await using var fixture = new IngressFixture([.. ScanFixture.Scanner("Milter", one.Address), .. ScanFixture.Scanner("Milter", two.Address, 1)]);
        await fixture.SendAsync();
        two.HeardOf('L').Should().StartWith("X-One|1|");
        two.HeardOf('B').Should().Equal("other\r\n");
    }

    [Fact]
    public async Task Sender_and_recipients_are_what_it_says()
    {
        await using var filter = new ScriptedFilter().On('E', Texts('e', "<list@example.org>"), Texts('+', "<bob@example.test>"), Texts('2', "sales@example.test", "NOTIFY=NEVER"), Texts('-', "<ANN@example.test>"), Packet('c', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync();
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        entry.ReversePath.ToString().Should().Be("<list@example.org>");
        entry.Recipients.Select(recipient => $"{recipient.Recipient.Address} {recipient.Recipient.Notify}").Should().Equal("bob@example.test Unspecified", "sales@example.test Never");
    }

    [Theory]
    [InlineData('-', "<ann@example.test>", "milter=discard")]
    [InlineData('q', "looks odd", "milter=quarantine")]
    public async Task Mail_that_it_wants_out_of_sight_is_held(char command, string text, string result)
    {
        await using var filter = new ScriptedFilter().On('E', Texts(command, text), Packet('c', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync();
        var recipient = fixture.Queue.Entries.Should().ContainSingle().Which.Recipients.Should().ContainSingle().Which;
        (recipient.Recipient.Address.ToString(), recipient.State).Should().Be(("ann@example.test", RecipientState.Held));
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal(result);
    }

    [Theory]
    [InlineData('r', "", @"550 5\.7\.1 Message refused by the policy of this server \[scanner\]")]
    [InlineData('t', "", @"451 4\.7\.1 Message refused for now .* \[scanner\]")]
    [InlineData('y', "550 5.6.9 Not today", @"550 5\.6\.9 Not today \[scanner\]")]
    [InlineData('d', "", ScanFixture.Ok)]
    [InlineData('a', "", ScanFixture.Ok)]
    public async Task Its_last_word_on_the_message_holds(char word, string text, string reply)
    {
        await using var filter = new ScriptedFilter().On('E', text.Length > 0 ? Texts(word, text) : Packet(word, []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync(reply);
        fixture.Queue.Entries.Should().HaveCount(reply == ScanFixture.Ok ? 1 : 0);
    }

    [Fact]
    public async Task One_that_accepts_early_hears_no_more()
    {
        await using var filter = new ScriptedFilter().On('L', Packet('a', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync();
        filter.HeardOf('L').Should().ContainSingle();
        filter.HeardOf('E').Should().BeEmpty();
    }

    [Fact]
    public async Task One_that_skips_the_body_hears_its_end()
    {
        await using var filter = new ScriptedFilter(steps: 0x400).On('B', Packet('s', []));
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync(body: string.Join('\n', Enumerable.Repeat(new string('x', 900), 100)));
        filter.HeardOf('B').Should().ContainSingle();
        filter.HeardOf('E').Should().ContainSingle();
    }

    [Fact]
    public async Task Sender_and_recipient_can_be_refused_as_they_come()
    {
        await using var filter = new ScriptedFilter()
            .On('M', data => [data.StartsWith("<bad@", StringComparison.Ordinal) ? Texts('y', "553 5.1.8 Unknown domain") : Packet('c', [])])
            .On('R', data => [data.StartsWith("<bob@", StringComparison.Ordinal) ? Packet('t', []) : Packet('c', [])]);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.RunAsync(SmtpRole.Mx, $"""
            S~ 220 .*
            C: HELO client.example.org
            S: 250 mail.example.test
            C: MAIL FROM:<bad@example.org>
            S: 553 5.1.8 Unknown domain
            C: MAIL FROM:<joe@example.org>
            S: 250 2.1.0 Sender OK
            C: RCPT TO:<bob@example.test>
            S: 451 4.7.1 Refused for now by a filter of this server, try again later
            C: RCPT TO:<ann@example.test>
            S: 250 2.1.5 Recipient OK
            {ScanFixture.Data("Subject: hi", "hello", ScanFixture.Ok)}
            """);
        fixture.Queue.Entries.Should().ContainSingle().Which.Recipients.Should().ContainSingle();
    }

    [Theory]
    [InlineData('O')]
    [InlineData('M')]
    [InlineData('R')]
    [InlineData('L')]
    [InlineData('B')]
    [InlineData('E')]
    public async Task One_that_closes_anywhere_is_away_and_the_chosen_answer_holds(char command)
    {
        await using var filter = new ScriptedFilter().On(command, [[]]);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address));
        await fixture.SendAsync(@"451 4\.3\.0 .* \[scanner\]");
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("milter=away");
    }

    [Theory]
    [InlineData('H')]
    [InlineData('E')]
    public async Task One_that_hangs_is_away_when_its_time_is_over(char command)
    {
        await using var filter = new ScriptedFilter().On(command, []);
        await using var fixture = new IngressFixture(ScanFixture.Scanner("Milter", filter.Address, 0, ("Timeout", "00:00:10"), ("WhenAway", "Accept")));
        await fixture.PassTimeAsync(fixture.SendAsync());
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("milter=away");
    }

    [Fact]
    public async Task Progress_keeps_it_waited_for_but_not_beyond_the_budget_of_all()
    {
        await using var filter = new ScriptedFilter().On('E', Enumerable.Repeat(Packet('p', []), 5).ToArray());
        await using var fixture = new IngressFixture([("ScanBudget", "00:00:30"), .. ScanFixture.Scanner("Milter", filter.Address, 0, ("Timeout", "00:05:00"), ("WhenAway", "Accept"))]);
        await fixture.PassTimeAsync(fixture.SendAsync());
        fixture.Capsule().Facts.List(MailFact.ScanResults).Should().Equal("milter=away");
    }

    public static TheoryData<byte[][]> Lies => new()
    {
        new[] { Texts('h', "X-A", "1"), Packet('z', []) },
        new[] { Texts('h', "X-A", "1"), Texts('+', "no address at all") },
        new[] { Texts('h', "X-A", "1"), Texts('e', "<nobody>") },
        new[] { Texts('h', "X A", "1"), Packet('c', []) },
        new[] { Texts('h', "X-A", "1"), Texts('h', "X-Big", new string('x', 120_000)), Texts('h', "X-Big", new string('x', 120_000)), Packet('c', []) },
        new[] { Texts('h', "X-A", "1"), new byte[] { 0xff, 0xff, 0xff, 0xff, 0x63 } },
        new[] { Texts('h', "X-A", "1"), Packet('O', new byte[12]) },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Of_one_that_lies_nothing_counts(byte[][] said)
    {
        await using var filter = new ScriptedFilter().On('E', said);
        await using var fixture = new IngressFixture([("MaxHeaderSize", "131072"), .. ScanFixture.Scanner("Milter", filter.Address, 0, ("WhenAway", "Accept"))]);
        await fixture.SendAsync();
        fixture.Message().Should().StartWith("X-Merpati-Scan: milter=away\r\n").And.EndWith("\r\nSubject: hi\r\nFrom: joe@example.org\r\n\r\nhello\r\n").And.NotContain("X-A");
    }

    [Fact]
    public async Task Nobody_is_asked_about_mail_of_our_users_unless_it_is_told_to()
    {
        await using var filter = new ScriptedFilter();
        await using var fixture = new IngressFixture([("AllowPlaintextAuth", "true"), .. ScanFixture.Scanner("Milter", filter.Address, 0, ("Incoming", "false"))]);
        await fixture.SendAsync();
        filter.Heard.Should().BeEmpty();
        fixture.Message().Should().StartWith("Received: ");
    }
}
