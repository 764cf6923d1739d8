using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>QRESYNC (RFC 7162 §3.2): a client that was away learns in one round trip what it missed.</summary>
public sealed class QResyncTranscripts
{
    private const string Enabled = """
        C: e ENABLE QRESYNC
        S: * ENABLED QRESYNC
        S: e OK ENABLE completed

        """;

    private static string Reselected(string parameters, int messages, long highest) => $$"""
        C: s SELECT INBOX (QRESYNC ({{parameters}}))
        S~ \* FLAGS .*
        S~ .*PERMANENTFLAGS.*
        S: * {{messages}} EXISTS
        S~ \* \d+ RECENT
        S~ \* OK \[UNSEEN .*
        S~ \* OK \[UIDVALIDITY \d+\].*
        S~ .*UIDNEXT.*
        S: * OK [HIGHESTMODSEQ {{highest}}] Highest
        S~ \* OK \[MAILBOXID \(F\w+\)\] Its id

        """;

    /// <summary>Ten messages, MODSEQ 2 to 11; then 2, 3 and 7 are gone, 5 is flagged.</summary>
    private static async Task<(TestKit.ImapTestServer Server, UidValidity Validity)> ChangedAsync()
    {
        var server = await Session.ServerAsync(messages: 10);
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(2), new Uid(3)), onlyDeleted: false, CancellationToken.None);
        await server.Mailboxes.StoreFlagsAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(5)), FlagOperation.Add, new MessageFlags(SystemFlags.Flagged, []), null, CancellationToken.None);
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(7)), onlyDeleted: false, CancellationToken.None);
        return (server, inbox.UidValidity);
    }

    [Fact]
    public async Task SELECT_tells_what_vanished_and_what_changed()
    {
        var (server, validity) = await ChangedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Reselected($"{validity} 11", 7, 14) + """
            S: * VANISHED (EARLIER) 2:3,7
            S: * 3 FETCH (UID 5 FLAGS (\Recent \Flagged) MODSEQ (13))
            S: s OK [READ-WRITE] SELECT completed

            """ + $$"""
            # only of the UIDs that the client has
            C: 1 EXAMINE INBOX (QRESYNC ({{validity}} 11 1:3,6:10))
            S: * OK [CLOSED] The mailbox selected before is closed
            S~ \* FLAGS .*
            S~ .*PERMANENTFLAGS.*
            S: * 7 EXISTS
            S: * 0 RECENT
            S~ .*UNSEEN.*
            S~ .*UIDVALIDITY.*
            S~ .*UIDNEXT.*
            S: * OK [HIGHESTMODSEQ 14] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: * VANISHED (EARLIER) 2:3,7
            S: 1 OK [READ-ONLY] EXAMINE completed
            """);
    }

    [Fact]
    public async Task Nothing_is_told_to_who_is_up_to_date_or_knows_another_mailbox()
    {
        var (server, validity) = await ChangedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Reselected($"{validity} 14", 7, 14) + """
            S: s OK [READ-WRITE] SELECT completed
            C: 1 UNSELECT
            S: 1 OK UNSELECT completed

            """ + Reselected($"{validity.Value + 1} 2", 7, 14) + """
            S: s OK [READ-WRITE] SELECT completed
            """);
    }

    /// <summary>§3.2.5.2: what stands where the client has it proves that nothing below is missing.</summary>
    [Theory]
    [InlineData("(1,7,10 1,7,10)", "2:3,7")]
    [InlineData("(1,2,6 1,4,9)", "")]
    [InlineData("(1,2 1,4)", "7")]
    public async Task Numbers_that_match_spare_UIDs(string matches, string vanished)
    {
        var (server, validity) = await ChangedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Reselected($"{validity} 11 1:10 {matches}", 7, 14) + $"""
            {(vanished.Length > 0 ? $"S: * VANISHED (EARLIER) {vanished}" : "")}
            S: * 3 FETCH (UID 5 FLAGS (\Recent \Flagged) MODSEQ (13))
            S: s OK [READ-WRITE] SELECT completed
            """);
    }

    [Theory]
    [InlineData("0 1")]
    [InlineData("1 0")]
    [InlineData("1")]
    [InlineData("1 1 1:*")]
    [InlineData("1 1 1:5 (1:2 1:3)")]
    [InlineData("1 1 1:5 (1:2)")]
    [InlineData("1 1 1:5 (1:* 1:*)")]
    [InlineData("1 1 1:5 (1:4000000000 1:4000000000)")]
    [InlineData("1 9223372036854775808")]
    public async Task Parameters_that_are_none(string parameters)
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + $"""
            C: 1 SELECT INBOX (QRESYNC ({parameters}))
            S~ 1 BAD .*
            """);
    }

    [Fact]
    public async Task UID_FETCH_with_VANISHED()
    {
        var (server, _) = await ChangedAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Session.Selected(7, 7)[Session.LoggedIn.Length..] + """
            C: 1 UID FETCH 1:6 (FLAGS) (CHANGEDSINCE 11 VANISHED)
            S: * VANISHED (EARLIER) 2:3
            S: * 3 FETCH (UID 5 FLAGS (\Recent \Flagged) MODSEQ (13))
            S: 1 OK UID FETCH completed
            C: 2 UID FETCH 1:* (FLAGS) (VANISHED CHANGEDSINCE 12)
            S: * VANISHED (EARLIER) 7
            S: * 3 FETCH (UID 5 FLAGS (\Recent \Flagged) MODSEQ (13))
            S: 2 OK UID FETCH completed

            """);
        var inbox = await server.MailboxAsync("INBOX");
        await server.Mailboxes.ExpungeAsync(server.Account.Id, inbox.Id, UidSet.Of(new Uid(9)), onlyDeleted: false, CancellationToken.None);
        await transcript.RunAsync("""
            # what has a number yet is not of EARLIER
            C: 3 UID FETCH 1:* (FLAGS) (CHANGEDSINCE 14 VANISHED)
            S: * VANISHED 9
            S: 3 OK UID FETCH completed
            """);
    }

    [Fact]
    public async Task VANISHED_stands_for_EXPUNGE_and_FETCH_has_the_UID()
    {
        var server = await Session.ServerAsync(messages: 5);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Session.Selected(5, 5)[Session.LoggedIn.Length..] + Session.Selected(5, 0, connection: 2) + """
            C: 1 STORE 2:3,5 +FLAGS (\Deleted)
            S: * 2 FETCH (UID 2 FLAGS (\Recent \Deleted) MODSEQ (7))
            S: * 3 FETCH (UID 3 FLAGS (\Recent \Deleted) MODSEQ (7))
            S: * 5 FETCH (UID 5 FLAGS (\Recent \Deleted) MODSEQ (7))
            S: 1 OK STORE completed
            C2: 1 STORE 1 +FLAGS.SILENT (\Answered)
            S2: * 2 FETCH (FLAGS (\Deleted))
            S2: * 3 FETCH (FLAGS (\Deleted))
            S2: * 5 FETCH (FLAGS (\Deleted))
            S2: 1 OK STORE completed
            C: 2 UID EXPUNGE 1:3
            S: * VANISHED 2:3
            S: * 1 FETCH (UID 1 FLAGS (\Recent \Answered) MODSEQ (8))
            S: 2 OK [HIGHESTMODSEQ 9] UID EXPUNGE completed
            C: 3 UID MOVE 4 Archive
            S~ \* OK \[COPYUID \d+ 4 1\] Moved
            S: * VANISHED 4
            S: 3 OK [HIGHESTMODSEQ 10] UID MOVE completed
            C2: 2 NOOP
            S2: * 2 EXPUNGE
            S2: * 2 EXPUNGE
            S2: * 2 EXPUNGE
            S2: 2 OK NOOP completed
            C: 4 FETCH 1:2 (UID)
            S: * 1 FETCH (UID 1)
            S: * 2 FETCH (UID 5)
            S: 4 OK FETCH completed
            C: 5 UID FETCH 5 (RFC822.SIZE)
            S~ \* 2 FETCH \(UID 5 RFC822.SIZE \d+ MODSEQ \(7\)\)
            S: 5 OK UID FETCH completed
            """);
    }

    [Fact]
    public async Task SELECT_of_nothing_closes_the_mailbox_too()
    {
        var server = await Session.ServerAsync(messages: 1);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Enabled + Session.Selected(1, 1)[Session.LoggedIn.Length..] + """
            C: 1 SELECT nowhere
            S: * OK [CLOSED] The mailbox selected before is closed
            S: 1 NO [NONEXISTENT] No such mailbox
            C: 2 SELECT nowhere
            S: 2 NO [NONEXISTENT] No such mailbox
            """);
    }
}
