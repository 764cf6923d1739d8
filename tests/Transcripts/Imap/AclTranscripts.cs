using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 4314: SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS, and who may.</summary>
public sealed class AclTranscripts
{
    private static async Task<ImapTestServer> ServerAsync()
    {
        var server = await Session.ServerAsync(messages: 1);
        await server.AddAccountAsync("bob@example.test");
        return server;
    }

    [Fact]
    public async Task The_owner_gives_changes_and_takes_rights()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETACL INBOX
            S: * ACL INBOX ann@example.test lrswipkxteacd
            S: 1 OK GETACL completed
            C: 2 SETACL INBOX bob@example.test lrs
            S: 2 OK SETACL completed
            C: 3 SETACL INBOX BOB@example.test +cd
            S: 3 OK SETACL completed
            C: 4 SETACL INBOX -bob w
            S: 4 OK SETACL completed
            C: 5 SETACL INBOX anyone lp
            S: 5 OK SETACL completed
            C: 6 SETACL inbox anyone@example.test r
            S: 6 OK SETACL completed
            C: 7 GETACL INBOX
            S~ \* ACL INBOX ann@example.test lrswipkxteacd bob@example.test lrskxtecd -bob@example.test w anyone lp anyone@example.test r
            S: 7 OK GETACL completed
            C: 8 SETACL INBOX bob@example.test -sx
            S: 8 OK SETACL completed
            C: 9 DELETEACL INBOX anyone
            S: 9 OK DELETEACL completed
            C: 10 DELETEACL INBOX -bob@example.test
            S: 10 OK DELETEACL completed
            C: 11 SETACL INBOX anyone@example.test ""
            S: 11 OK SETACL completed
            C: 12 GETACL INBOX
            S: * ACL INBOX ann@example.test lrswipkxteacd bob@example.test lrktecd
            S: 12 OK GETACL completed
            C: 13 DELETEACL INBOX anyone
            S: 13 OK DELETEACL completed
            """);
    }

    [Fact]
    public async Task What_is_no_right_or_no_identifier_is_BAD_and_whom_nobody_knows_is_NO()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + $$"""
            C: 1 SETACL INBOX bob@example.test lrQ
            S: 1 BAD Unknown right
            C: 2 SETACL INBOX bob@example.test lrq
            S: 2 BAD Unknown right
            C: 3 SETACL INBOX "" lr
            S: 3 BAD Such an identifier is not possible
            C: 4 SETACL INBOX "-" lr
            S: 4 BAD Such an identifier is not possible
            C: 5 SETACL INBOX {{new string('x', 321)}} lr
            S: 5 BAD Such an identifier is not possible
            C: 6 SETACL INBOX bob@example.test
            S: 6 BAD Expected a space and an argument
            C: 7 SETACL INBOX carl@example.test lr
            S: 7 NO [NONEXISTENT] There is no such account or group
            C: 8 SETACL INBOX bob@elsewhere.test lr
            S: 8 NO [NOPERM] Mailboxes are not shared with other domains
            C: 9 SETACL Nothing bob@example.test lr
            S: 9 NO [NONEXISTENT] No such mailbox
            C: 10 DELETEACL INBOX carl
            S: 10 NO [NONEXISTENT] There is no such account or group
            C: 11 LISTRIGHTS INBOX carl
            S: 11 NO [NONEXISTENT] There is no such account or group
            C: 12 GETACL Nothing
            S: 12 NO [NONEXISTENT] No such mailbox
            C: 13 MYRIGHTS Nothing
            S: 13 NO [NONEXISTENT] No such mailbox
            C: 14 LISTRIGHTS Nothing bob
            S: 14 NO [NONEXISTENT] No such mailbox
            C: 15 DELETEACL Nothing bob
            S: 15 NO [NONEXISTENT] No such mailbox
            C: 16 GETACL INBOX
            S: * ACL INBOX ann@example.test lrswipkxteacd
            S: 16 OK GETACL completed
            """);
    }

    [Fact]
    public async Task The_owner_cannot_be_locked_out()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETACL INBOX ann@example.test -a
            S: 1 NO [CANNOT] The owner of a mailbox has all rights, always
            C: 2 SETACL INBOX ann@example.test lr
            S: 2 NO [CANNOT] The owner of a mailbox has all rights, always
            C: 3 SETACL INBOX -ann@example.test a
            S: 3 NO [CANNOT] The owner of a mailbox has all rights, always
            C: 4 DELETEACL INBOX ann@example.test
            S: 4 NO [CANNOT] The owner of a mailbox has all rights, always
            C: 5 SETACL INBOX ann@example.test lrswipcda
            S: 5 OK SETACL completed
            C: 6 SETACL INBOX anyone lrswipkxtea
            S: 6 OK SETACL completed
            C: 7 SETACL INBOX -anyone lrswipkxtea
            S: 7 OK SETACL completed
            C: 8 MYRIGHTS INBOX
            S: * MYRIGHTS INBOX lrswipkxteacd
            S: 8 OK MYRIGHTS completed
            C: 9 LISTRIGHTS INBOX ann
            S: * LISTRIGHTS INBOX ann lrswipkxteacd
            S: 9 OK LISTRIGHTS completed
            C: 10 LISTRIGHTS INBOX bob@example.test
            S: * LISTRIGHTS INBOX bob@example.test "" l r s w i p k x t e a c d
            S: 10 OK LISTRIGHTS completed
            C: 11 LISTRIGHTS INBOX anyone
            S: * LISTRIGHTS INBOX anyone "" l r s w i p k x t e a c d
            S: 11 OK LISTRIGHTS completed
            """);
    }

    [Fact]
    public async Task Who_may_administer_does_and_who_may_not_is_refused_without_learning_more()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Session.BobLoggedIn + """
            C: 1 CREATE Team
            S~ 1 OK \[MAILBOXID .*
            C: 2 SETACL Team bob lra
            S: 2 OK SETACL completed
            C: 3 SETACL Sent bob lr
            S: 3 OK SETACL completed
            C: 4 SETACL Drafts bob i
            S: 4 OK SETACL completed
            C2: 1 MYRIGHTS "Other Users/ann@example.test/Team"
            S2: * MYRIGHTS "Other Users/ann@example.test/Team" lra
            S2: 1 OK MYRIGHTS completed
            C2: 2 SETACL "Other Users/Ann@example.test/Team" bob +s
            S2: 2 OK SETACL completed
            C2: 3 GETACL "Other Users/ann@example.test/Team"
            S2: * ACL "Other Users/ann@example.test/Team" ann@example.test lrswipkxteacd bob@example.test lrsa
            S2: 3 OK GETACL completed
            C2: 4 LISTRIGHTS "Other Users/ann@example.test/Team" ann
            S2: * LISTRIGHTS "Other Users/ann@example.test/Team" ann lrswipkxteacd
            S2: 4 OK LISTRIGHTS completed
            C2: 5 SETACL "Other Users/ann@example.test/Team" ann lr
            S2: 5 NO [CANNOT] The owner of a mailbox has all rights, always
            C2: 6 GETACL "Other Users/ann@example.test/Sent"
            S2: 6 NO [NOPERM] You do not have the right to do that
            C2: 7 SETACL "Other Users/ann@example.test/Sent" bob +a
            S2: 7 NO [NOPERM] You do not have the right to do that
            C2: 8 LISTRIGHTS "Other Users/ann@example.test/Sent" bob
            S2: 8 NO [NOPERM] You do not have the right to do that
            C2: 9 DELETEACL "Other Users/ann@example.test/Sent" bob
            S2: 9 NO [NOPERM] You do not have the right to do that
            C2: 10 GETACL "Other Users/ann@example.test/Drafts"
            S2: 10 NO [NONEXISTENT] No such mailbox
            C2: 11 MYRIGHTS "Other Users/ann@example.test/Drafts"
            S2: * MYRIGHTS "Other Users/ann@example.test/Drafts" i
            S2: 11 OK MYRIGHTS completed
            C2: 12 MYRIGHTS "Other Users/ann@example.test/Trash"
            S2: 12 NO [NONEXISTENT] No such mailbox
            C2: 13 MYRIGHTS "Other Users/nobody@example.test/Trash"
            S2: 13 NO [NONEXISTENT] No such mailbox
            C2: 14 MYRIGHTS "Shared/ann@example.test/Team"
            S2: 14 NO [NONEXISTENT] No such mailbox
            C2: 15 SETACL "Other Users/ann@example.test/Team" bob -a
            S2: 15 OK SETACL completed
            C2: 16 GETACL "Other Users/ann@example.test/Team"
            S2: 16 NO [NOPERM] You do not have the right to do that
            """);
    }

    [Fact]
    public async Task Negative_rights_take_away_what_groups_give()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + Session.BobLoggedIn + """
            C: 1 SETACL INBOX anyone lrsw
            S: 1 OK SETACL completed
            C: 2 SETACL INBOX anyone@example.test i
            S: 2 OK SETACL completed
            C: 3 SETACL INBOX -bob@example.test sw
            S: 3 OK SETACL completed
            C2: 1 MYRIGHTS "Other Users/ann@example.test/INBOX"
            S2: * MYRIGHTS "Other Users/ann@example.test/INBOX" lri
            S2: 1 OK MYRIGHTS completed
            C: 4 SETACL INBOX -anyone@example.test lr
            S: 4 OK SETACL completed
            C2: 2 SELECT "Other Users/ann@example.test/inbox"
            S2: 2 NO [NONEXISTENT] No such mailbox
            """);
    }

    [Fact]
    public async Task An_access_control_list_has_only_so_many_entries()
    {
        var server = await ServerAsync();
        for (var i = 0; i < Grants.MaxPerMailbox; i++) await server.GrantAsync(Grantee.AnyoneOf($"d{i.ToString(System.Globalization.CultureInfo.InvariantCulture)}.test"), MailboxRights.Lookup);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETACL INBOX bob lr
            S: 1 NO [LIMIT] Too many entries in the access control list
            C: 2 SETACL Sent bob lr
            S: 2 OK SETACL completed
            """);
    }

    [Fact]
    public async Task Other_domains_are_shared_with_only_where_the_administrator_says_so()
    {
        var server = await Session.ServerAsync(messages: 1, options: new() { AllowPlaintextAuth = true, ShareAcrossDomains = true });
        var eve = await server.AddAccountAsync("eve@elsewhere.test");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            S2~ \* OK \[CAPABILITY .*\] Merpati ready
            C2: a LOGIN eve@elsewhere.test secret
            S2~ a OK \[CAPABILITY .*\] Logged in
            C: 1 SETACL INBOX eve@elsewhere.test lr
            S: 1 OK SETACL completed
            C: 2 SETACL Sent anyone@elsewhere.test l
            S: 2 OK SETACL completed
            C: 3 SETACL Drafts anyone l
            S: 3 OK SETACL completed
            C: 4 SETACL Drafts anyone@nowhere.test l
            S: 4 NO [NONEXISTENT] There is no such account or group
            C2: 1 LIST "Other Users/" *
            S2: * LIST (\NonExistent \HasChildren) "/" "Other Users/ann@example.test"
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Drafts"
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/INBOX"
            S2: * LIST (\HasNoChildren) "/" "Other Users/ann@example.test/Sent"
            S2: 1 OK LIST completed
            """.Replace("S2: * LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/ann@example.test\"\n", "", StringComparison.Ordinal));

        // What was granted while it was allowed is no way in when it is not.
        var strict = await Session.ServerAsync(messages: 1);
        var other = await strict.AddAccountAsync("eve@elsewhere.test");
        await strict.GrantAsync(Grantee.Of(other.Id), MailboxRights.All);
        await strict.GrantAsync(Grantee.Anyone, MailboxRights.All);
        await using var refused = strict.Transcript();
        await refused.RunAsync("""
            S~ \* OK \[CAPABILITY .*\] Merpati ready
            C: a LOGIN eve@elsewhere.test secret
            S~ a OK \[CAPABILITY .*\] Logged in
            C: 1 LIST "Other Users/" *
            S: 1 OK LIST completed
            C: 2 SELECT "Other Users/ann@example.test/INBOX"
            S: 2 NO [NONEXISTENT] No such mailbox
            """);
        Assert.NotEqual(eve.Id, other.Id);
    }

    [Fact]
    public async Task Entries_of_accounts_that_are_gone_are_not_shown()
    {
        var server = await ServerAsync();
        var carl = await server.AddAccountAsync("carl@example.test");
        await server.GrantAsync(Grantee.Of(carl.Id), MailboxRights.Lookup);
        server.Directory.Remove(carl);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETACL INBOX
            S: * ACL INBOX ann@example.test lrswipkxteacd
            S: 1 OK GETACL completed
            """);
    }
}
