using System.Text;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>UTF8 (RFC 6856): messages with UTF-8 in their headers as they are, and in ASCII for who did not ask (RFC 6858).</summary>
public sealed class Utf8Transcripts : Pop3Fixture
{
    public Utf8Transcripts()
    {
        Inbox.Add(Encoding.UTF8.GetBytes("From: jörg@example.test\r\nSubject: Grüße\r\n\r\nSchöne\r\n"));
        Inbox.Add("Subject: plain\r\n\r\nx\r\n");
    }

    [Fact]
    public Task Who_says_UTF8_gets_messages_as_they_are() => RunAsync(Greeting + """
        C: UTF8 now
        S: -ERR UTF8 takes no argument
        C: UTF8
        S: +OK UTF-8 mode
        C: USER ann@example.test
        S: +OK send PASS
        C: PASS correct horse
        S: +OK maildrop has 2 messages (76 octets)
        C: STAT
        S: +OK 2 76
        C: LIST 1
        S: +OK 1 55
        C: RETR 1
        S: +OK 55 octets
        S: From: jörg@example.test
        S: Subject: Grüße
        S: 
        S: Schöne
        S: .
        C: UTF8
        S: -ERR not in this state
        """);

    [Fact]
    public Task Who_does_not_gets_headers_in_ASCII_and_sizes_that_fit() => RunAsync(LogIn + """
        C: STAT
        S: +OK 2 159
        C: LIST
        S: +OK 2 messages (159 octets)
        S: 1 138
        S: 2 21
        S: .
        C: RETR 1
        S: +OK 138 octets
        S: From: =?utf-8?q?j=C3=B6rg=40example=2Etest?=
        S:  <invalid@internationalized-address.invalid>
        S: Subject: =?utf-8?b?R3LDvMOfZQ==?=
        S: 
        S: Schöne
        S: .
        C: TOP 1 0
        S: +OK top of message follows
        S: From: =?utf-8?q?j=C3=B6rg=40example=2Etest?=
        S:  <invalid@internationalized-address.invalid>
        S: Subject: =?utf-8?b?R3LDvMOfZQ==?=
        S: 
        S: .
        C: UIDL 1
        S: +OK 1 00005eed00000001
        C: DELE 1
        S: +OK message 1 is marked as deleted
        C: STAT
        S: +OK 1 21
        C: QUIT
        S: +OK bye
        * closed
        """);

    [Fact]
    public async Task What_was_said_before_TLS_counts_for_nothing()
    {
        Settings = Settings with { AllowPlaintextAuth = false };
        await RunAsync(Greeting + """
            C: UTF8
            S: +OK UTF-8 mode
            C: STLS
            S: +OK begin TLS negotiation
            * starttls
            C: USER ann@example.test
            S: +OK send PASS
            C: PASS correct horse
            S: +OK maildrop has 2 messages (159 octets)
            """);
    }
}
