using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Merpati.TestKit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>A server with what most transcripts begin with. What its mailboxes rest on is said in another part of this class: tests/Integration runs the same transcripts over the cluster's.</summary>
internal static partial class Session
{
    /// <summary>Those that stand in every list, after IMAP4rev1 and the kind of literals.</summary>
    public const string Capabilities =
        "ID ENABLE UTF8=ACCEPT NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS LIST-METADATA METADATA STATUS=SIZE ACL RIGHTS=texk LIST-MYRIGHTS QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE UIDPLUS MOVE IDLE UNSELECT ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES CONTEXT=SEARCH MULTISEARCH CONDSTORE QRESYNC UIDONLY UIDBATCHES PARTIAL INPROGRESS UNAUTHENTICATE NOTIFY OBJECTID PREVIEW SAVEDATE BINARY CATENATE MULTIAPPEND REPLACE COMPRESS=DEFLATE APPENDLIMIT=52428800";

    public const string LoggedIn = """
        S~ \* OK \[CAPABILITY .*\] Merpati ready
        C: a LOGIN ann@example.test secret
        S~ a OK \[CAPABILITY .*\] Logged in

        """;

    /// <summary>Bob, on the second connection.</summary>
    public const string BobLoggedIn = """
        S2~ \* OK \[CAPABILITY .*\] Merpati ready
        C2: a LOGIN bob@example.test secret
        S2~ a OK \[CAPABILITY .*\] Logged in

        """;

    public const string Simple = "From: bob@example.test\nTo: ann@example.test\nSubject: hello\nDate: Sat, 14 Mar 2026 09:00:00 +0100\nMessage-ID: <1@example.test>\n\nHello, Ann.\n";

    /// <summary>Where the transcripts of a test are run against a server elsewhere: gives one with a fresh account of such a quota, octets.</summary>
    public static AsyncLocal<Func<long?, Task<ImapTestServer>>?> Elsewhere { get; } = new();

    public static async Task<ImapTestServer> ServerAsync(int messages = 0, ImapOptions? options = null, SystemFlags flags = SystemFlags.None, long? quotaOctets = null)
    {
        if (Elsewhere.Value is not null && options is not null) throw new NotSupportedException("A server elsewhere has its own options.");
        var server = Elsewhere.Value is { } elsewhere ? await elsewhere(quotaOctets) : new ImapTestServer(options, mailboxes: Mailboxes, quotaOctets: quotaOctets);
        for (var i = 1; i <= messages; i++) await server.DeliverAsync(Simple.Replace("hello", $"hello {i}", StringComparison.Ordinal), flags: flags);
        return server;
    }

    /// <summary>Always in memory: for what only mailboxes in memory can be told to do.</summary>
    public static async Task<ImapTestServer> InMemoryAsync(int messages = 0)
    {
        if (Elsewhere.Value is not null) throw new NotSupportedException("It is about mailboxes in memory.");
        var server = new ImapTestServer();
        for (var i = 1; i <= messages; i++) await server.DeliverAsync(Simple.Replace("hello", $"hello {i}", StringComparison.Ordinal));
        return server;
    }

    /// <summary>INBOX selected, with so many messages.</summary>
    public static string Selected(int messages, int recent, int firstUnseen = 1, int connection = 1)
    {
        var script = LoggedIn + $$"""
            C: b SELECT INBOX
            S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
            S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] Flags are kept
            S: * {{messages}} EXISTS
            S: * {{recent}} RECENT
            {{(firstUnseen > 0 ? $"S: * OK [UNSEEN {firstUnseen}] First unseen" : "")}}
            S~ \* OK \[UIDVALIDITY \d+\] UIDs are valid
            S~ \* OK \[UIDNEXT \d+\] Next UID
            S~ \* OK \[HIGHESTMODSEQ \d+\] Highest
            S~ \* OK \[MAILBOXID \(F\w+\)\] Its id
            S: b OK [READ-WRITE] SELECT completed

            """;
        return connection == 1 ? script
            : script.Replace("C: ", $"C{connection}: ", StringComparison.Ordinal).Replace("S: ", $"S{connection}: ", StringComparison.Ordinal).Replace("S~ ", $"S{connection}~ ", StringComparison.Ordinal);
    }
}
