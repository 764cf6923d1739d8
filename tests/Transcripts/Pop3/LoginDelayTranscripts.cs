using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Transcripts.Pop3;

/// <summary>LOGIN-DELAY (RFC 2449 §6.5).</summary>
public sealed class LoginDelayTranscripts : Pop3Fixture
{
    [Fact]
    public async Task Who_logs_in_again_too_soon_waits()
    {
        Settings = Settings with { LoginDelay = TimeSpan.FromSeconds(30) };
        await using var transcript = Start();
        await transcript.RunAsync("""
            S1: +OK mail.example.test Merpati POP3 server ready
            C1: USER ann@example.test
            S1: +OK send PASS
            C1: PASS correct horse
            S1~ \+OK maildrop has .*
            C1: CAPA
            S1: +OK capability list follows
            S1: TOP
            S1: UIDL
            S1: USER
            S1~ SASL .*
            S1: UTF8 USER
            S1: PIPELINING
            S1: RESP-CODES
            S1: AUTH-RESP-CODE
            S1: LOGIN-DELAY 30
            S1: EXPIRE NEVER
            S1: IMPLEMENTATION Merpati
            S1: .
            C1: QUIT
            S1: +OK bye
            * advance 0:29
            S2: +OK mail.example.test Merpati POP3 server ready
            C2: USER ann@example.test
            S2: +OK send PASS
            C2: PASS correct horse
            S2: -ERR [LOGIN-DELAY] the last login is not long enough ago
            * advance 0:01
            C2: USER ann@example.test
            S2: +OK send PASS
            C2: PASS correct horse
            S2~ \+OK maildrop has .*
            """);
    }
}
