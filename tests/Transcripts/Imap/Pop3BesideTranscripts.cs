using Merpati.Protocols.Pop3;
using Merpati.Protocols.Wire;
using Merpati.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Transcripts.Imap;

/// <summary>IMAP and POP3 on one INBOX: what either removes is gone for both. The first connection speaks IMAP, all others POP3.</summary>
public sealed class Pop3BesideTranscripts
{
    private const string LogInByPop3 = """
        S2~ \+OK .* ready
        C2: USER ann@example.test
        S2: +OK send PASS
        C2: PASS secret
        S2~ \+OK maildrop has 3 messages .*

        """;

    private static async Task RunAsync(string script)
    {
        var server = await Session.ServerAsync(messages: 3);
        var ports = new Pop3Ports(server.Directory, server.Mailboxes, new MemoryMaildropLock(), new RecordingTelemetry());
        ServeConnection pop3 = server.Elsewhere?.Pop3 ?? ServeAsync;
        var connections = 0;
        await using var transcript = new Transcript(
            (transport, lifetime) => Interlocked.Increment(ref connections) == 1
                ? server.ServeAsync(transport, lifetime)
                : pop3(transport, lifetime),
            settings: null,
            server.Time);
        await transcript.RunAsync(Session.Selected(3, 3) + LogInByPop3 + script);

        ValueTask ServeAsync(ITransport transport, SessionLifetime lifetime)
            => new(new Pop3Connection(transport, ports, new Pop3Settings { AllowPlaintextAuth = true }, server.Time, NullLogger.Instance).RunAsync(lifetime));
    }

    [Fact]
    public Task What_IMAP_expunges_is_gone_for_an_open_POP3_session_and_no_number_shifts() => RunAsync("""
        C: 1 STORE 2 +FLAGS.SILENT (\Deleted)
        S: 1 OK STORE completed
        C: 2 EXPUNGE
        S: * 2 EXPUNGE
        S: 2 OK EXPUNGE completed
        C2: RETR 2
        S2: -ERR message is gone
        C2: TOP 2 0
        S2: -ERR message is gone
        C2: TOP 3 0
        S2: +OK top of message follows
        S2: From: bob@example.test
        S2: To: ann@example.test
        S2: Subject: hello 3
        S2: Date: Sat, 14 Mar 2026 09:00:00 +0100
        S2: Message-ID: <1@example.test>
        S2: 
        S2: .
        C2: DELE 2
        S2: +OK message 2 is marked as deleted
        C2: DELE 3
        S2: +OK message 3 is marked as deleted
        C2: QUIT
        S2: +OK bye
        C: 3 NOOP
        S: * 2 EXPUNGE
        S: 3 OK NOOP completed
        C: 4 UID SEARCH ALL
        S: * SEARCH 1
        S: 4 OK UID SEARCH completed
        """);

    [Fact]
    public Task What_POP3_deletes_is_told_to_an_IMAP_session_in_IDLE_when_it_quits() => RunAsync("""
        C: 1 IDLE
        S: + idling
        C2: DELE 1
        S2: +OK message 1 is marked as deleted
        C2: DELE 3
        S2: +OK message 3 is marked as deleted
        C2: QUIT
        S2: +OK bye
        S: * 1 EXPUNGE
        S: * 2 EXPUNGE
        C: DONE
        S: 1 OK IDLE completed
        """);

    [Fact]
    public Task Marks_of_the_one_are_none_of_the_other() => RunAsync("""
        C: 1 STORE 1 +FLAGS (\Deleted \Seen)
        S: * 1 FETCH (FLAGS (\Recent \Deleted \Seen))
        S: 1 OK STORE completed
        C2: STAT
        S2~ \+OK 3 .*
        C2: DELE 2
        S2: +OK message 2 is marked as deleted
        C2: RSET
        S2~ \+OK .*
        C2: QUIT
        S2: +OK bye
        C: 2 FETCH 1:3 FLAGS
        S: * 1 FETCH (FLAGS (\Recent \Deleted \Seen))
        S: * 2 FETCH (FLAGS (\Recent))
        S: * 3 FETCH (FLAGS (\Recent))
        S: 2 OK FETCH completed
        """);

    [Fact]
    public Task The_mailbox_moved_away_by_IMAP_leaves_POP3_without_a_message() => RunAsync("""
        C: 1 RENAME INBOX Old
        S: * 1 EXPUNGE
        S: * 1 EXPUNGE
        S: * 1 EXPUNGE
        S: 1 OK RENAME completed
        C2: RETR 1
        S2: -ERR message is gone
        C2: DELE 1
        S2: +OK message 1 is marked as deleted
        C2: QUIT
        S2: +OK bye
        C: 2 STATUS Old (MESSAGES)
        S: * STATUS Old (MESSAGES 3)
        S: 2 OK STATUS completed
        """);
}
