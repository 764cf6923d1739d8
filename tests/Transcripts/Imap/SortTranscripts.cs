using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>SORT and THREAD (RFC 5256), ESORT (RFC 5267 §3), SORT=DISPLAY (RFC 5957).</summary>
public sealed class SortTranscripts
{
    private static async Task<ImapTestServer> ServerAsync()
    {
        var server = await Session.ServerAsync();
        var day = server.Time.GetUtcNow();
        await server.DeliverAsync("From: Zoe <anton@example.test>\nTo: x@example.test\nSubject: Re: [list] beta\nDate: Tue, 3 Mar 2026 10:00:00 +0000\n\n1\n", internalDate: day.AddHours(3));
        await server.DeliverAsync("From: berta@example.test\nCc: zz@example.test\nSubject: alpha (fwd)\nDate: Mon, 2 Mar 2026 23:00:00 -0500\n\n22\n", internalDate: day.AddHours(2));
        await server.DeliverAsync("From: =?utf-8?q?=C3=A9mile?= <Cesar@example.test>\nTo: a@example.test\nSubject: gamma\nDate: Sun, 1 Mar 2026 10:00:00 +0000\n\n333333\n", internalDate: day.AddHours(1));
        // without a Date: INTERNALDATE counts
        await server.DeliverAsync("Subject: =?utf-8?q?BETA?=\n\n4\n", internalDate: day.AddHours(4));
        return server;
    }

    [Fact]
    public async Task SORT()
    {
        var server = await ServerAsync();
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(4, 4) + """
            C: 1 SORT (SUBJECT) UTF-8 ALL
            S: * SORT 2 1 4 3
            S: 1 OK SORT completed
            C: 2 SORT (REVERSE SUBJECT ARRIVAL) US-ASCII ALL
            S: * SORT 3 1 4 2
            S: 2 OK SORT completed
            C: 3 UID SORT (DATE) UTF-8 ALL
            S: * SORT 3 2 1 4
            S: 3 OK UID SORT completed
            C: 4 SORT (ARRIVAL) UTF-8 ALL
            S: * SORT 3 2 1 4
            S: 4 OK SORT completed
            C: 5 SORT (FROM) UTF-8 ALL
            S: * SORT 4 1 2 3
            S: 5 OK SORT completed
            C: 6 SORT (DISPLAYFROM) UTF-8 ALL
            S: * SORT 4 2 3 1
            S: 6 OK SORT completed
            C: 7 SORT (REVERSE DISPLAYTO) UTF-8 NOT 4
            S: * SORT 1 3 2
            S: 7 OK SORT completed
            C: 8 SORT (REVERSE CC TO) UTF-8 ALL
            S: * SORT 2 4 3 1
            S: 8 OK SORT completed
            C: 9 SORT (SIZE) UTF-8 1,4
            S: * SORT 4 1
            S: 9 OK SORT completed
            C: 10 SORT (SIZE) UTF-8 DELETED
            S: * SORT
            S: 10 OK SORT completed
            C: 11 SORT (SIZE) KOI8-R ALL
            S: 11 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8
            C: 12 SORT () UTF-8 ALL
            S: 12 BAD Expected a sort key
            C: 13 SORT (REVERSE) UTF-8 ALL
            S: 13 BAD Expected a space and an argument
            C: 14 SORT (COLOUR) UTF-8 ALL
            S: 14 BAD Unknown sort key
            C: 15 SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 ALL
            S: * ESEARCH (TAG "15") MIN 3 MAX 4 ALL 3,2,1,4 COUNT 4
            S: 15 OK SORT completed
            C: 16 UID SORT RETURN (PARTIAL 2:3 SAVE) (DATE) UTF-8 ALL
            S: * ESEARCH (TAG "16") UID PARTIAL (2:3 2,1)
            S: 16 OK UID SORT completed
            C: 17 UID SEARCH $
            S: * SEARCH 1 2
            S: 17 OK UID SEARCH completed
            C: 18 SORT RETURN (UPDATE) (DATE) UTF-8 ALL
            S: 18 BAD Unknown RETURN option
            """);
    }

    [Fact]
    public async Task THREAD_ORDEREDSUBJECT()
    {
        var server = await ServerAsync();
        await server.DeliverAsync("Subject: Re: beta\nDate: Wed, 4 Mar 2026 10:00:00 +0000\n\n5\n");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(5, 5) + """
            C: 1 THREAD ORDEREDSUBJECT UTF-8 ALL
            S: * THREAD (3)(2)(1 (5)(4))
            S: 1 OK THREAD completed
            C: 2 UID THREAD ORDEREDSUBJECT UTF-8 1,5
            S: * THREAD (1 5)
            S: 2 OK UID THREAD completed
            C: 3 THREAD ORDEREDSUBJECT UTF-8 DELETED
            S: * THREAD
            S: 3 OK THREAD completed
            C: 4 THREAD REFS UTF-8 ALL
            S: 4 BAD Unknown threading algorithm
            C: 5 THREAD REFERENCES KOI8-R ALL
            S: 5 NO [BADCHARSET (US-ASCII UTF-8)] Only US-ASCII and UTF-8
            """);
    }

    [Fact]
    public async Task THREAD_REFERENCES()
    {
        var server = await Session.ServerAsync();
        var hour = 0;
        await AddAsync("a", "root", "");
        await AddAsync("b", "Re: root", "References: <a@x>");
        await AddAsync("c", "Re: root", "In-Reply-To: <b@x>");
        await AddAsync("d", "Re: root", "References: <a@x>");
        // two answers to a message that is not here
        await AddAsync("e", "Re: lost", "References: <lost@x>");
        await AddAsync("f", "Re: lost", "References: <lost@x>");
        // no references, but the subject of a reply
        await AddAsync("g", "Re: root", "");
        await AddAsync("h", "single", "In-Reply-To: <gone@x>");
        await using var transcript = server.Transcript();
        await transcript.RunAsync(Session.Selected(8, 8) + """
            C: 1 THREAD REFERENCES UTF-8 ALL
            S: * THREAD (1 (2 3)(4)(7))((5)(6))(8)
            S: 1 OK THREAD completed
            C: 2 THREAD REFERENCES UTF-8 2:4
            S: * THREAD ((2 3)(4))
            S: 2 OK THREAD completed
            C: 3 THREAD REFERENCES UTF-8 3,1
            S: * THREAD (1 3)
            S: 3 OK THREAD completed
            """);

        async Task AddAsync(string id, string subject, string header)
            => await server.DeliverAsync($"Message-ID: <{id}@x>\nSubject: {subject}\nDate: Tue, 3 Mar 2026 {hour++:00}:00:00 +0000\n{(header.Length > 0 ? header + "\n" : "")}\nx\n");
    }
}
