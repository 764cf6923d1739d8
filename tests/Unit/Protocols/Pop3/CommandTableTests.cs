using AwesomeAssertions;
using Merpati.Protocols.Pop3;
using Merpati.Protocols.Pop3.Commands;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Pop3;

public sealed class CommandTableTests : Pop3Fixture
{
    public static TheoryData<string> Verbs => [.. CommandTable.Commands.Select(command => command.Verb)];

    [Fact]
    public void It_has_every_command_of_rfc_1939_but_apop_and_those_of_the_extensions()
        => CommandTable.Commands.Select(command => command.Verb).Should().BeEquivalentTo(
            "USER", "PASS", "QUIT", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL", "CAPA", "STLS", "AUTH", "UTF8");

    [Fact]
    public void No_capability_is_promised_without_its_commands()
        => Capability.All.SelectMany(capability => capability.Commands).Should().BeSubsetOf(CommandTable.Commands.Select(command => command.Verb));

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task In_the_wrong_state_a_command_is_refused(string verb)
    {
        var allowed = CommandTable.Find(verb)!.AllowedIn;
        if (!allowed.HasFlag(AllowedIn.Authorization)) await RunAsync(Greeting + $"C: {verb} 1\nS: -ERR not in this state\nC: QUIT\nS: +OK bye\n* closed");
        if (!allowed.HasFlag(AllowedIn.Transaction)) await RunAsync(LogIn + $"C: {verb} x\nS: -ERR not in this state\nC: NOOP\nS: +OK\nC: QUIT\nS: +OK bye\n* closed");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task What_carries_credentials_needs_tls(string verb)
    {
        Settings = Settings with { AllowPlaintextAuth = false };
        var refused = CommandTable.Find(verb)!.NeedsTls;
        await RunAsync(Greeting + $"C: {verb} PLAIN\nS~ {(refused ? "-ERR TLS is needed first .*" : "(?!-ERR TLS).*")}\n");
        refused.Should().Be(verb is "USER" or "PASS" or "AUTH");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_verb_compares_without_case(string verb)
    {
        await using var lower = Start();
        await using var upper = Start();
        foreach (var (transcript, spelled) in new[] { (lower, verb.ToLowerInvariant()), (upper, verb) }) await transcript.RunAsync(Greeting + $"C: {spelled}\nS~ (?!-ERR unknown).*\n");
    }
}
