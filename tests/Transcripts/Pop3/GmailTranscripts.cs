using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>Gmail's fetcher, as its help pages and the logs of servers describe it: knows messages by UIDL, takes the new ones in one session, and leaves or deletes them.</summary>
public sealed class GmailTranscripts : Pop3Fixture
{
    [Fact]
    public Task It_leaves_a_copy_and_comes_back_for_what_is_new()
    {
        Inbox.Add("Subject: one\r\n\r\n1\r\n");
        Inbox.Add("Subject: two\r\n\r\n2\r\n");
        return RunAsync(LogIn + """
            C: CAPA
            S: +OK capability list follows
            S: TOP
            S: UIDL
            S: USER
            S: SASL SCRAM-SHA-256 PLAIN
            S: UTF8 USER
            S: PIPELINING
            S: RESP-CODES
            S: AUTH-RESP-CODE
            S: EXPIRE NEVER
            S: IMPLEMENTATION Merpati
            S: .
            C: STAT
            S: +OK 2 38
            C: UIDL
            S: +OK unique-id listing follows
            S: 1 00005eed00000001
            S: 2 00005eed00000002
            S: .
            C: LIST
            S: +OK 2 messages (38 octets)
            S: 1 19
            S: 2 19
            S: .
            C: RETR 1
            S: +OK 19 octets
            S: Subject: one
            S: 
            S: 1
            S: .
            C: RETR 2
            S: +OK 19 octets
            S: Subject: two
            S: 
            S: 2
            S: .
            C: QUIT
            S: +OK bye
            * closed
            S2~ \+OK .*
            C2: USER ann@example.test
            S2: +OK send PASS
            C2: PASS correct horse
            S2: +OK maildrop has 2 messages (38 octets)
            C2: UIDL
            S2: +OK unique-id listing follows
            S2: 1 00005eed00000001
            S2: 2 00005eed00000002
            S2: .
            C2: DELE 1
            S2: +OK message 1 is marked as deleted
            C2: QUIT
            S2: +OK bye
            """);
    }
}
