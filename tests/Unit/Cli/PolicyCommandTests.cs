using System.Text.Json;
using AwesomeAssertions;
using Merpati.Cli;
using Merpati.Mail.Policy;
using Merpati.Tests.Unit.UserDirectory;
using Xunit;

namespace Merpati.Tests.Unit.Cli;

/// <summary><c>merpati policy</c> and <c>merpati explain</c>.</summary>
public sealed class PolicyCommandTests : IAsyncLifetime
{
    private const string Mine = """
        name: mine
        rules:
          - { name: soft, when: { spf: softfail }, score: 2, tag: t }
          - { name: forged, when: { spf: [fail, softfail] }, then: junk }
        """;

    private readonly QueueOfOne _queue = new();
    private readonly string _file = Path.GetTempFileName();
    private AdminServer _server = null!;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(_file, Mine);
        var policy = PolicyReader.Read(Mine);
        var facts = MailFacts.None.With(MailFact.Spf, "softfail").With(MailFact.Sender, "x\u001b[2J@elsewhere.test");
        _queue.Decision = new DecisionCapsule(_queue.Entry.Id, _queue.Entry.AcceptedAt, policy.Version, facts, policy.Judge(facts)).ToJson();
        _server = await AdminServer.StartAsync(_queue, _queue);
    }

    public async Task DisposeAsync()
    {
        File.Delete(_file);
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task The_standard_policy_is_printed_and_passes_its_own_tests()
    {
        var (code, text) = await RunAsync("", "policy", "show");
        code.Should().Be(0);
        text.Should().Be(StandardPolicy.Text);
        (await RunAsync(text, "policy", "test")).Should().Match<(int Code, string Text)>(run => run.Code == 0 && run.Text.Contains($"{StandardPolicy.Policy.Tests.Count} of {StandardPolicy.Policy.Tests.Count} tests passed"));
        (await RunAsync("", "policy", "show", "--facts")).Text.Should().Contain("dmarc.policy").And.Contain("quarantine, reject");
    }

    [Fact]
    public async Task A_test_that_fails_is_named_and_the_exit_code_tells()
    {
        await File.WriteAllTextAsync(_file, Mine + "\ntests: [{ name: forged mail is refused, facts: { spf: fail }, expect: reject }]\n");
        (await RunAsync("", "policy", "test", _file)).Should().Match<(int Code, string Text)>(run => run.Code == 1 && run.Text.Contains("FAILED forged mail is refused: expected reject, and the rules say junk by forged"));
    }

    [Fact]
    public async Task What_is_no_policy_is_a_line_that_says_where()
    {
        await File.WriteAllTextAsync(_file, "rules:\n  - { name: a, then: destroy }\n");
        (await RunAsync("", "policy", "test", _file)).Should().Match<(int Code, string Text)>(run => run.Code == 2 && run.Text.Contains("Line 2: 'destroy' is no action"));
    }

    [Fact]
    public async Task A_policy_judges_again_what_was_judged_and_comes_to_the_same()
    {
        var json = JsonDocument.Parse((await RunAsync("", "policy", "diff", _file, "--since", "9999d", "--rules", "--json", "--data", _server.Folder)).Text).RootElement;
        (json.GetProperty("messages").GetInt64(), json.GetProperty("changed").GetInt64(), json.GetProperty("unfaithful").GetInt64()).Should().Be((1, 0, 0));
    }

    [Fact]
    public async Task Another_policy_is_compared_over_the_last_hours()
    {
        await File.WriteAllTextAsync(_file, "rules: [{ name: strict, when: { spf: softfail }, then: reject }]");
        var (code, text) = await RunAsync("", "policy", "diff", _file, "--since", "9999d", "--data", _server.Folder);
        code.Should().Be(0);
        text.Should().StartWith("1 of 1 messages since ").And.MatchRegex($"1 +junk +forged +reject +strict +{_queue.Entry.Id}");
        (await RunAsync("", "policy", "diff", _file, "--since", "1h", "--data", _server.Folder)).Text.Should().StartWith("0 of 0 messages since ");
    }

    [Fact]
    public async Task A_verdict_is_explained_in_words()
    {
        var (code, text) = await RunAsync("", "explain", _queue.Entry.Id.ToString(), "--data", _server.Folder);
        code.Should().Be(0);
        text.Should().Contain("Put into the mailbox for junk by the rule 'forged' with score 2.").And.Contain("Rules that held: soft +2, forged.").And.MatchRegex("spf +softfail +SPF of").And.NotContain("\u001b");
        _queue.Decision = """{"policy":"x","facts":{},"verdict":{"action":"redirect","rule":"legal","to":"legal@example.test","score":0,"tags":[],"evidence":[]}}""";
        (await RunAsync("", "explain", _queue.Entry.Id.ToString(), "--data", _server.Folder)).Text.Should().Contain("Redirected to legal@example.test by the rule 'legal'.");
        _queue.Decision = null;
        (await RunAsync("", "explain", _queue.Entry.Id.ToString(), "--data", _server.Folder)).Text.Should().Contain("It was not judged");
    }

    private static async Task<(int Code, string Text)> RunAsync(string input, params string[] arguments)
    {
        var terminal = new ScriptedTerminal(input);
        var code = await MerpatiCommand.RunAsync(arguments, terminal, CancellationToken.None);
        return (code, terminal.Printed + terminal.Complained);
    }
}
