using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

/// <summary>Names of others' mailboxes, letters of rights, and what they come to.</summary>
public sealed class SharingTests
{
    private static Account Account(string address, bool shared = false) => new() { Id = new AccountId(Guid.NewGuid()), Address = EmailAddress.Parse(address), Shared = shared };

    [Theory]
    [InlineData("Other Users/ann@example.test/Projects/A", false, "ann@example.test", "Projects/A")]
    [InlineData("Other Users/ann@example.test/inbox", false, "ann@example.test", "INBOX")]
    [InlineData("Shared/team@bücher.test/INBOX", true, "team@bücher.test", "INBOX")]
    [InlineData("Shared/\"a b\"@example.test/Sent", true, "\"a b\"@example.test", "Sent")]
    public void A_name_of_another_says_whose_it_is(string name, bool shared, string owner, string inside)
    {
        var foreign = ForeignName.TryParse(MailboxName.Parse(name));
        foreign.Should().Be(new ForeignName(shared, EmailAddress.Parse(owner), MailboxName.Parse(inside)));
        ForeignName.Of(Account(owner, shared), MailboxName.Parse(inside)).Should().Be(MailboxName.Parse(name.Replace("inbox", "INBOX", StringComparison.Ordinal)));
        ForeignName.IsReserved(MailboxName.Parse(name)).Should().BeTrue();
    }

    [Theory]
    [InlineData("INBOX")]
    [InlineData("Projects/ann@example.test/INBOX")]
    [InlineData("Shared")]
    [InlineData("Shared/ann@example.test")]
    [InlineData("Shared/Invoices/2026")]
    [InlineData("other users/ann@example.test/INBOX")]
    [InlineData("Sharedx/ann@example.test/INBOX")]
    public void Other_names_are_ones_own(string name) => ForeignName.TryParse(MailboxName.Parse(name)).Should().BeNull();

    [Fact]
    public void An_address_that_no_level_can_be_shares_nothing()
    {
        ForeignName.Of(Account("a/b@example.test"), MailboxName.Inbox).Should().BeNull();
        ForeignName.Of(Account("50%@example.test"), MailboxName.Inbox).Should().BeNull();
        ForeignName.Of(Account("ann@example.test"), MailboxName.Parse(new string('x', MailboxName.MaxLength))).Should().BeNull();
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("rl", "lr")]
    [InlineData("aaa", "a")]
    [InlineData("c", "kxc")]
    [InlineData("d", "ted")]
    [InlineData("k", "kc")]
    [InlineData("x", "xc")]
    [InlineData("e", "ed")]
    [InlineData("lrswipkxtea", "lrswipkxteacd")]
    [InlineData("lrswipcda", "lrswipkxteacd")]
    public void Rights_are_letters_with_those_of_old(string text, string written) => RightsText.Format(RightsText.TryParse(text)!.Value).Should().Be(written);

    [Theory]
    [InlineData("q")]
    [InlineData("L")]
    [InlineData("lr s")]
    [InlineData("0")]
    [InlineData("é")]
    public void Other_letters_are_no_rights(string text) => RightsText.TryParse(text).Should().BeNull();

    [Fact]
    public void Every_right_has_a_letter_of_its_own()
        => Enum.GetValues<MailboxRights>().Where(right => int.PopCount((int)right) == 1).Select(right => RightsText.Format(right)[0]).Should().OnlyHaveUniqueItems().And.HaveCount(11);

    [Theory]
    [InlineData("*", true)]
    [InlineData("%", true)]
    [InlineData("INBOX", false)]
    [InlineData("S%", true)]
    [InlineData("Sent*", false)]
    [InlineData("Shared/*", true)]
    [InlineData("Shared/team@example.test/INBOX", true)]
    [InlineData("Shared", true)]
    [InlineData("Share", false)]
    public void A_pattern_says_whether_it_can_reach_shared_names(string pattern, bool reaches)
        => ListPattern.TryCreate(System.Text.Encoding.ASCII.GetBytes(pattern), utf8: false)!.MayMatchWithin(ForeignName.Shared).Should().Be(reaches);

    [Theory]
    [InlineData(MailboxRights.Seen, SystemFlags.Seen, false)]
    [InlineData(MailboxRights.DeleteMessages, SystemFlags.Deleted, false)]
    [InlineData(MailboxRights.Write, SystemFlags.Answered | SystemFlags.Flagged | SystemFlags.Draft, true)]
    [InlineData(MailboxRights.Lookup | MailboxRights.Insert, SystemFlags.None, false)]
    [InlineData(MailboxRights.All, SystemFlags.Seen | SystemFlags.Deleted | SystemFlags.Answered | SystemFlags.Flagged | SystemFlags.Draft, true)]
    public void Each_right_covers_its_flags(MailboxRights rights, SystemFlags system, bool keywords)
    {
        var all = new MessageFlags(SystemFlags.Seen | SystemFlags.Deleted | SystemFlags.Answered | SystemFlags.Flagged | SystemFlags.Draft, ["$Label1"]);
        all.Within(rights).Should().Be(new MessageFlags(system, keywords ? ["$Label1"] : []));
        all.Within(rights).Apply(FlagOperation.Add, all.Within(MailboxRights.Flags & ~rights)).Should().Be(all);
    }

    [Fact]
    public async Task A_flag_that_somebody_sets_while_others_are_replaced_is_kept()
    {
        var server = new ImapTestServer();
        await server.DeliverAsync("Subject: x\n\nx\n");
        await server.DeliverAsync("Subject: y\n\ny\n", flags: SystemFlags.Deleted);
        var bob = await server.AddAccountAsync("bob@example.test");
        await server.GrantAsync(Grantee.Of(bob.Id), MailboxRights.Lookup | MailboxRights.Read | MailboxRights.Seen);
        var inbox = await server.MailboxAsync("INBOX");
        await using var transcript = server.Transcript();
        await transcript.RunAsync("""
            S~ .*
            C: a LOGIN bob@example.test secret
            S~ a OK .*
            C: b SELECT "Other Users/ann@example.test/INBOX"

            """ + string.Concat(Enumerable.Repeat("S~ \\*.*\n", 9)) + "S~ b OK .*\n");

        // Bob may not change \Deleted and \Flagged, so he changes the two messages one after the other; in between Ann sets \Flagged on the second.
        var times = 0;
        using (server.Feed.Subscribe(server.Account.Id, change =>
        {
            // It is done when the call returns, as the mailboxes are in memory.
            if (times++ == 0) _ = server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2)), FlagOperation.Add, new MessageFlags(SystemFlags.Flagged, []), null, CancellationToken.None).AsTask();
        }))
        {
            await transcript.RunAsync("""
                C: c STORE 1:2 FLAGS (\Seen)
                S: * 1 FETCH (FLAGS (\Recent \Seen))
                S: * 2 FETCH (FLAGS (\Recent \Flagged \Deleted \Seen))
                S: c OK STORE completed
                """);
        }
        times.Should().BeGreaterThan(1);
        var states = await server.Mailboxes.StatesAsync(server.Account.Id, inbox.Id, UidSet.All, CancellationToken.None).ToListAsync();
        states.Select(state => state.Flags.System).Should().Equal(SystemFlags.Seen, SystemFlags.Seen | SystemFlags.Deleted | SystemFlags.Flagged);
    }
}
