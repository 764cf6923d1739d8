using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>TRANSACTION and UPDATE: RFC 1939 §5 to §7.</summary>
public sealed class MaildropTranscripts : Pop3Fixture
{
    public MaildropTranscripts()
    {
        Inbox.Add("Subject: one\r\n\r\n.dot\r\n..\r\nend\r\n");
        Inbox.Add("Subject: two\r\n\r\nno end");
        Inbox.Add("Subject: three\r\n\r\n");
    }

    [Fact]
    public Task A_session_reads_and_marks() => RunAsync(LogIn + """
        C: STAT
        S: +OK 3 71
        C: LIST
        S: +OK 3 messages (71 octets)
        S: 1 31
        S: 2 22
        S: 3 18
        S: .
        C: LIST 2
        S: +OK 2 22
        C: RETR 1
        S: +OK 31 octets
        S: Subject: one
        S: 
        S: ..dot
        S: ...
        S: end
        S: .
        C: RETR 2
        S: +OK 22 octets
        S: Subject: two
        S: 
        S: no end
        S: .
        C: TOP 1 1
        S: +OK top of message follows
        S: Subject: one
        S: 
        S: ..dot
        S: .
        C: TOP 1 0
        S: +OK top of message follows
        S: Subject: one
        S: 
        S: .
        C: UIDL
        S: +OK unique-id listing follows
        S: 1 00005eed00000001
        S: 2 00005eed00000002
        S: 3 00005eed00000003
        S: .
        C: UIDL 3
        S: +OK 3 00005eed00000003
        C: DELE 2
        S: +OK message 2 is marked as deleted
        C: STAT
        S: +OK 2 49
        C: LIST
        S: +OK 2 messages (49 octets)
        S: 1 31
        S: 3 18
        S: .
        C: UIDL
        S: +OK unique-id listing follows
        S: 1 00005eed00000001
        S: 3 00005eed00000003
        S: .
        C: LIST 2
        S: -ERR message is marked as deleted
        C: UIDL 2
        S: -ERR message is marked as deleted
        C: RETR 2
        S: -ERR message is marked as deleted
        C: TOP 2 0
        S: -ERR message is marked as deleted
        C: DELE 2
        S: -ERR message is marked as deleted
        C: RSET
        S: +OK maildrop has 3 messages (71 octets)
        C: RETR 3
        S: +OK 18 octets
        S: Subject: three
        S: 
        S: .
        C: NOOP
        S: +OK
        """);

    [Theory]
    [InlineData("RETR 0", "-ERR no such message")]
    [InlineData("RETR 4", "-ERR no such message")]
    [InlineData("RETR 99999999999999999999", "-ERR no such message")]
    [InlineData("RETR 4294967297", "-ERR no such message")]
    [InlineData("RETR -1", "-ERR a message number is expected")]
    [InlineData("RETR +1", "-ERR a message number is expected")]
    [InlineData("RETR one", "-ERR a message number is expected")]
    [InlineData("RETR", "-ERR RETR takes one message number")]
    [InlineData("RETR 1 2", "-ERR RETR takes one message number")]
    [InlineData("DELE", "-ERR DELE takes one message number")]
    [InlineData("DELE 4", "-ERR no such message")]
    [InlineData("LIST 4", "-ERR no such message")]
    [InlineData("LIST 1 2", "-ERR LIST takes one message number or nothing")]
    [InlineData("UIDL 0", "-ERR no such message")]
    [InlineData("UIDL 1 2", "-ERR UIDL takes one message number or nothing")]
    [InlineData("TOP 1", "-ERR TOP takes a message number and a number of lines")]
    [InlineData("TOP 1 -1", "-ERR TOP takes a message number and a number of lines")]
    [InlineData("TOP 4 1", "-ERR no such message")]
    [InlineData("STAT 1", "-ERR STAT takes no argument")]
    [InlineData("NOOP 1", "-ERR NOOP takes no argument")]
    [InlineData("RSET 1", "-ERR RSET takes no argument")]
    [InlineData("CAPA 1", "-ERR CAPA takes no argument")]
    [InlineData("XYZZY", "-ERR unknown command")]
    [InlineData("", "-ERR that is no command")]
    public Task Wrong_arguments_are_answered_and_the_session_goes_on(string command, string reply)
        => RunAsync(LogIn + $"C> {command}\\r\\n\nS: {reply}\nC: LIST 1 \nS: +OK 1 31\nC: TOP 3 99999999999999999999\nS~ \\+OK .*\nS: Subject: three\nS: \nS: .\n");

    [Fact]
    public async Task Quit_removes_what_is_marked_and_nothing_else()
    {
        var late = 0u;
        await using (var transcript = Start())
        {
            await transcript.RunAsync(LogIn + "C: DELE 1\nS~ \\+OK .*\nC: DELE 3\nS~ \\+OK .*\n");
            Inbox.Uids.Should().HaveCount(3, "DELE only marks");
            late = Inbox.Add("Subject: late\r\n\r\n").Value;
            await transcript.RunAsync("C: STAT\nS: +OK 1 22\nC: QUIT\nS: +OK bye\n* closed");
        }
        Inbox.Uids.Select(uid => uid.Value).Should().Equal(2u, late);
        Telemetry.Removed.Should().Be(2);
        await RunAsync(LogIn + "C: UIDL\nS~ \\+OK .*\nS: 1 00005eed00000002\nS: 2 00005eed00000004\nS: .");
    }

    [Theory]
    [InlineData("* close\n* closed")]
    [InlineData("* advance 10:00\n* closed")]
    [InlineData("* drain\nS: -ERR [SYS/TEMP] server is shutting down\n* closed")]
    [InlineData("C: RSET\nS~ \\+OK .*\nC: QUIT\nS: +OK bye\n* closed")]
    [InlineData("C> QUI\n* close\n* closed")]
    public async Task Without_quit_nothing_is_removed(string end)
    {
        await RunAsync(LogIn + "C: DELE 1\nS~ \\+OK .*\n" + end);
        Inbox.Uids.Should().HaveCount(3);
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    [Fact]
    public async Task Quit_tells_when_some_could_not_be_removed()
    {
        Inbox.Stuck.Add(new Uid(2));
        await RunAsync(LogIn + "C: DELE 1\nS~ \\+OK .*\nC: DELE 2\nS~ \\+OK .*\nC: QUIT\nS: -ERR [SYS/TEMP] some deleted messages not removed\n* closed");
        Inbox.Uids.Select(uid => uid.Value).Should().Equal(2u, 3u);
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: DELE 1\nS~ \\+OK .*\n");
        Inbox.Outage = new IOException("disk full");
        await transcript.RunAsync("C: QUIT\nS~ -ERR \\[SYS/TEMP\\] .*\n* closed");
        Locks.IsHeld(Directory.Account.Id).Should().BeFalse();
    }

    [Fact]
    public async Task What_another_session_expunged_is_gone()
    {
        await using var transcript = Start();
        await transcript.RunAsync(LogIn);
        Inbox.Remove(new Uid(2));
        await transcript.RunAsync("C: RETR 2\nS: -ERR message is gone\nC: TOP 2 0\nS: -ERR message is gone\nC: DELE 2\nS~ \\+OK .*\nC: QUIT\nS: +OK bye\n* closed");
    }

    [Fact]
    public Task Pipelined_commands_are_answered_in_order() => RunAsync(LogIn + """
        C> STAT\r\nLIST 1\r\nXYZZY\r\nRETR 3\r\nDELE 3\r\nSTAT\nNOOP\r\nQUIT\r\nSTAT\r\n
        S: +OK 3 71
        S: +OK 1 31
        S: -ERR unknown command
        S: +OK 18 octets
        S: Subject: three
        S: 
        S: .
        S: +OK message 3 is marked as deleted
        S: +OK 2 53
        S: +OK
        S: +OK bye
        * closed
        """);

    [Fact]
    public async Task An_empty_maildrop_and_an_empty_message()
    {
        foreach (var uid in Inbox.Uids.ToArray()) Inbox.Remove(uid);
        await RunAsync(LogIn + "C: STAT\nS: +OK 0 0\nC: LIST\nS~ \\+OK .*\nS: .\nC: UIDL\nS~ \\+OK .*\nS: .\nC: RETR 1\nS: -ERR no such message\nC: QUIT\nS: +OK bye\n* closed");
        Inbox.Add("");
        await RunAsync(LogIn + "C: LIST 1\nS: +OK 1 0\nC: RETR 1\nS: +OK 0 octets\nS: .\nC: TOP 1 5\nS~ \\+OK .*\nS: .");
    }

    [Fact]
    public async Task A_large_message_comes_back_octet_by_octet()
    {
        var random = new Random(1);
        var octets = new byte[3_000_000];
        for (var i = 0; i < octets.Length; i++) octets[i] = (byte)(i % 70 < 68 ? random.Next(32, 256) : i % 70 == 68 ? '\r' : '\n');
        for (var i = 70; i < octets.Length; i += 700) octets[i] = (byte)'.';
        Inbox.Add([.. octets, .. "\r\n"u8]);
        await using var transcript = Start();
        await transcript.RunAsync(LogIn + "C: RETR 4\nS: +OK 3000002 octets\nC: QUIT\n");
        var received = await transcript.ReadToEndAsync();
        received.Should().EndWith("\r\n.\r\n+OK bye\r\n");
        var message = received[..^("\r\n.\r\n+OK bye\r\n".Length)].Replace("\n..", "\n.", StringComparison.Ordinal);
        System.Text.Encoding.Latin1.GetBytes(message).Should().Equal(octets);
        Telemetry.OctetsSent.Should().Be(3_000_002);
    }
}
