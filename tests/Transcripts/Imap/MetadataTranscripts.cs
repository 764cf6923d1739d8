using Merpati.Protocols.Imap;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>RFC 5464: annotations of mailboxes and of the server; RFC 9590: with LIST.</summary>
public sealed class MetadataTranscripts
{
    [Fact]
    public async Task Entries_of_a_mailbox_are_set_got_and_removed()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETMETADATA INBOX (/private/comment "My comment" /Shared/Comment {6+}
            C: shared)
            S: 1 OK SETMETADATA completed
            C: 2 GETMETADATA INBOX /shared/comment
            S: * METADATA INBOX (/shared/comment "shared")
            S: 2 OK GETMETADATA completed
            C: 3 GETMETADATA "INBOX" (/shared/comment /PRIVATE/comment /private/nothing)
            S: * METADATA INBOX (/shared/comment "shared" /PRIVATE/comment "My comment" /private/nothing NIL)
            S: 3 OK GETMETADATA completed
            C: 4 SETMETADATA INBOX (/private/comment NIL)
            S: 4 OK SETMETADATA completed
            C: 5 GETMETADATA INBOX /private/comment
            S: * METADATA INBOX (/private/comment NIL)
            S: 5 OK GETMETADATA completed
            C: 6 GETMETADATA Elsewhere /private/comment
            S: 6 NO [NONEXISTENT] No such mailbox
            C: 7 SETMETADATA Elsewhere (/private/comment "x")
            S: 7 NO [NONEXISTENT] No such mailbox
            C: 8 SETMETADATA Sent (/private/quoted "a \"b\" \\c" /private/empty "")
            S: 8 OK SETMETADATA completed
            C: 9 GETMETADATA Sent (/private/quoted /private/empty)
            S: * METADATA Sent (/private/quoted "a \"b\" \\c" /private/empty "")
            S: 9 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task Depth_shows_what_is_below_and_maxsize_leaves_out_what_is_large()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETMETADATA INBOX (/private/filters "0" /private/filters/values "1" /private/filters/values/small "SMALLER 5000" /private/filters/values/boss "FROM \"boss@example.com\"" /private/filtersnot "x")
            S: 1 OK SETMETADATA completed
            C: 2 GETMETADATA (DEPTH 1) INBOX /private/filters
            S: * METADATA INBOX (/private/filters "0" /private/filters/values "1")
            S: 2 OK GETMETADATA completed
            C: 3 GETMETADATA INBOX (DEPTH infinity) (/private/filters/values)
            S: * METADATA INBOX (/private/filters/values "1" /private/filters/values/boss "FROM \"boss@example.com\"" /private/filters/values/small "SMALLER 5000")
            S: 3 OK GETMETADATA completed
            C: 4 GETMETADATA (MAXSIZE 12 DEPTH INFINITY) INBOX /private
            S: * METADATA INBOX (/private/filters "0" /private/filters/values "1" /private/filters/values/small "SMALLER 5000" /private/filtersnot "x")
            S: 4 OK [METADATA LONGENTRIES 23] Some values are larger than MAXSIZE
            C: 5 GETMETADATA (MAXSIZE 11) INBOX /private/filters/values/small
            S: 5 OK [METADATA LONGENTRIES 12] Some values are larger than MAXSIZE
            C: 6 GETMETADATA (DEPTH 1) INBOX /shared
            S: 6 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task The_server_has_entries_of_its_own()
    {
        var options = new ImapOptions { AllowPlaintextAuth = true, AdminContact = "mailto:postmaster@example.test", ServerComment = "Maintenance on Sundays" };
        var server = await Session.ServerAsync(options: options);
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETMETADATA "" (/shared/admin /shared/comment /private/comment)
            S: * METADATA "" (/shared/admin "mailto:postmaster@example.test" /shared/comment "Maintenance on Sundays" /private/comment NIL)
            S: 1 OK GETMETADATA completed
            C: 2 SETMETADATA "" (/private/comment "mine" /shared/comment "no")
            S: 2 NO [NOPERM] Shared entries of the server are set by the administrator
            C: 3 SETMETADATA "" (/private/comment "mine")
            S: 3 OK SETMETADATA completed
            C: 4 GETMETADATA (DEPTH infinity) "" (/private /shared)
            S: * METADATA "" (/private/comment "mine" /shared/admin "mailto:postmaster@example.test" /shared/comment "Maintenance on Sundays")
            S: 4 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task Values_hold_any_octet()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETMETADATA INBOX (/private/name {7+}
            C: Grüße /private/lines ~{5+}
            C: a
            C: bc)
            S: 1 OK SETMETADATA completed
            C: 2 GETMETADATA INBOX /private/name
            S: * METADATA INBOX (/private/name {7}
            S: Grüße)
            S: 2 OK GETMETADATA completed
            C: 3 GETMETADATA INBOX /private/lines
            S: * METADATA INBOX (/private/lines {5}
            S: a
            S: bc)
            S: 3 OK GETMETADATA completed
            C> 4 SETMETADATA INBOX (/private/octets ~{3+}\r\na\0b)\r\n
            S: 4 OK SETMETADATA completed
            C: 5 GETMETADATA INBOX /private/octets
            S> * METADATA INBOX (/private/octets ~{3}\r\na\0b)\r\n
            S: 5 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task What_is_too_large_or_too_much_is_refused()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + $$"""
            C: 1 SETMETADATA INBOX (/private/large {16385+}
            C: {{new string('x', 16385)}} /private/small "x")
            S: 1 NO [METADATA MAXSIZE 16384] The value is too large
            C: 2 GETMETADATA (DEPTH infinity) INBOX /private
            S: 2 OK GETMETADATA completed
            C: 3 SETMETADATA INBOX ({{string.Join(' ', Enumerable.Range(1, 101).Select(n => $"/private/{n} \"x\""))}})
            S: 3 NO [METADATA TOOMANY] No more entries fit here
            C: 4 SETMETADATA INBOX (/private/large {16384+}
            C: {{new string('x', 16384)}})
            S: 4 OK SETMETADATA completed
            """);
    }

    [Fact]
    public async Task What_is_no_entry_is_a_syntax_error()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 GETMETADATA INBOX /comment
            S: 1 BAD Such an entry is not possible
            C: 2 GETMETADATA INBOX "/private/*"
            S: 2 BAD Such an entry is not possible
            C: 3 GETMETADATA INBOX /private//x
            S: 3 BAD Such an entry is not possible
            C: 4 SETMETADATA INBOX (/private "x")
            S: 4 BAD Such an entry is not possible
            C: 5 SETMETADATA INBOX (/private/comment)
            S: 5 BAD Expected a space and an argument
            C: 6 SETMETADATA INBOX (/private/comment atom)
            S: 6 BAD Expected a value
            C: 7 GETMETADATA (DEPTH 2) INBOX /private/comment
            S: 7 BAD A depth is 0, 1 or infinity
            C: 8 GETMETADATA (WIDTH 2) INBOX /private/comment
            S: 8 BAD Unknown option
            C: 9 GETMETADATA INBOX
            S: 9 BAD Expected a space and an argument
            """);
    }

    [Fact]
    public async Task Annotations_go_with_their_mailbox()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 CREATE Box
            S~ 1 OK \[MAILBOXID \(.+\)\] CREATE completed
            C: 2 SETMETADATA Box (/private/comment "x")
            S: 2 OK SETMETADATA completed
            C: 3 RENAME Box Chest
            S: 3 OK RENAME completed
            C: 4 GETMETADATA Chest /private/comment
            S: * METADATA Chest (/private/comment "x")
            S: 4 OK GETMETADATA completed
            C: 5 DELETE Chest
            S: 5 OK DELETE completed
            C: 6 CREATE Chest
            S~ 6 OK \[MAILBOXID \(.+\)\] CREATE completed
            C: 7 GETMETADATA Chest /private/comment
            S: * METADATA Chest (/private/comment NIL)
            S: 7 OK GETMETADATA completed
            """);
    }

    [Fact]
    public async Task List_returns_annotations()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.LoggedIn + """
            C: 1 SETMETADATA Drafts (/shared/vendor/cmu/cyrus-imapd/color "#b71c1c" /private/other "x")
            S: 1 OK SETMETADATA completed
            C: 2 LIST "" (Drafts Sent) RETURN (METADATA (/shared/vendor/cmu/cyrus-imapd/color /private/comment) STATUS (MESSAGES))
            S: * LIST (\HasNoChildren \Drafts) "/" Drafts
            S: * STATUS Drafts (MESSAGES 0)
            S: * METADATA Drafts (/shared/vendor/cmu/cyrus-imapd/color "#b71c1c" /private/comment NIL)
            S: * LIST (\HasNoChildren \Sent) "/" Sent
            S: * STATUS Sent (MESSAGES 0)
            S: * METADATA Sent (/shared/vendor/cmu/cyrus-imapd/color NIL /private/comment NIL)
            S: 2 OK LIST completed
            C: 3 LIST "" Sent RETURN (METADATA ())
            S: 3 BAD Expected an entry
            """);
    }

    [Fact]
    public async Task Notify_tells_of_what_others_annotate()
    {
        var server = await Session.ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(
            Session.LoggedIn.Replace("C: ", "C1: ", StringComparison.Ordinal).Replace("S: ", "S1: ", StringComparison.Ordinal).Replace("S~ ", "S1~ ", StringComparison.Ordinal)
            + Session.LoggedIn.Replace("C: ", "C2: ", StringComparison.Ordinal).Replace("S: ", "S2: ", StringComparison.Ordinal).Replace("S~ ", "S2~ ", StringComparison.Ordinal)
            + """
            C1: 1 NOTIFY SET (PERSONAL (MailboxMetadataChange ServerMetadataChange))
            S1: 1 OK NOTIFY completed
            C2: 1 SETMETADATA INBOX (/private/comment "x" /shared/comment "y")
            S2: 1 OK SETMETADATA completed
            S1: * METADATA INBOX /private/comment /shared/comment
            C2: 2 SETMETADATA INBOX (/private/comment NIL)
            S2: 2 OK SETMETADATA completed
            S1: * METADATA INBOX /private/comment
            C2: 3 SETMETADATA "" (/private/comment "mine")
            S2: 3 OK SETMETADATA completed
            S1: * METADATA "" /private/comment
            C1: 2 SETMETADATA Sent (/private/comment "my own is no news")
            S1: 2 OK SETMETADATA completed
            C1: 3 NOOP
            S1: 3 OK NOOP completed
            C1: 4 NOTIFY SET (PERSONAL (AnnotationChange))
            S1: 4 NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] Some of the events are not supported
            """);
    }
}
