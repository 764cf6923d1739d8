using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Policies;

[Description("Read a policy and run the tests beside its rules; needs no server. Exit code 1 when one fails.")]
internal sealed class TestPolicy(ITerminal terminal) : AsyncCommand<TestPolicy.Options>
{
    public override async Task<int> ExecuteAsync(CommandContext context, Options settings, CancellationToken cancellationToken)
    {
        var policy = await PolicyFiles.ReadAsync(terminal, settings.File, cancellationToken);
        var view = new PolicyTestView(policy.Name, policy.Version, policy.Rules.Count, policy.Tests.Count,
            [.. policy.Test().Select(failure => new PolicyTestFailureView(failure.Test.Name, failure.Test.Expected.Name(), failure.Test.Rule, failure.Verdict.Action.Name(), failure.Verdict.Rule))]);
        var printer = new Printer(terminal, settings.Json);
        printer.Print(view, () =>
        {
            foreach (var failure in view.Failures)
                printer.Line($"FAILED {failure.Test}: expected {failure.Expected}{(failure.ExpectedRule is { } rule ? $" by {rule}" : "")}, and the rules say {failure.Action} by {failure.Rule}");
            printer.Line($"Policy {view.Name}, version {view.Version}: {view.Rules} rules, {view.Tests - view.Failures.Count} of {view.Tests} tests passed.");
        });
        return view.Failures.Count == 0 ? ExitCode.Done : ExitCode.Refused;
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "[FILE]")]
        [Description("The policy; without it standard input.")]
        public string? File { get; init; }
    }
}
