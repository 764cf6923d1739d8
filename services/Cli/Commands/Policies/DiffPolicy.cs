using System.ComponentModel;
using System.Globalization;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Policies;

[Description("Which messages of the last hours another policy would have judged differently.")]
internal sealed class DiffPolicy(ITerminal terminal) : AdminCommand<DiffPolicy.Options>(terminal)
{
    private const int PageSize = 1000;
    private const int MaxExamples = 5;

    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        if (!Age.TryParse(options.Since, out var age)) throw new UsageFailure($"'{options.Since}' is not a time; write it as 90m, 12h or 3d.");
        var policy = await PolicyFiles.ReadAsync(Terminal, options.File, cancellationToken);
        var since = TimeProvider.System.GetUtcNow() - age;
        var groups = new Dictionary<(string, string, string, string), (long Count, Queue<string> Examples)>();
        var (messages, changed, unfaithful) = (0L, 0L, 0L);
        await foreach (var capsule in ReadAsync(server, since, cancellationToken))
        {
            messages++;
            var (was, now) = (capsule.Verdict, policy.Judge(capsule.Facts));
            if (capsule.Policy == policy.Version && !was.Equals(now)) unfaithful++;
            if (was.Action == now.Action && (was.Rule == now.Rule || !options.Rules)) continue;
            changed++;
            var key = (was.Action.Name(), was.Rule, now.Action.Name(), now.Rule);
            var (count, examples) = groups.GetValueOrDefault(key, (0, new Queue<string>()));
            examples.Enqueue(capsule.QueueId.ToString());
            if (examples.Count > MaxExamples) examples.Dequeue();
            groups[key] = (count + 1, examples);
        }
        var view = new PolicyDifferences(policy.Version, since, messages, changed, unfaithful,
            [.. groups.OrderByDescending(group => group.Value.Count).Select(group => new PolicyDifference(group.Key.Item1, group.Key.Item2, group.Key.Item3, group.Key.Item4, group.Value.Count, [.. group.Value.Examples]))]);
        printer.Print(view, () => Print(view, printer));
    }

    private static void Print(PolicyDifferences view, Printer printer)
    {
        printer.Line($"{view.Changed} of {view.Messages} messages since {When.Format(view.Since)} would change.");
        if (view.Unfaithful > 0) printer.Line($"{view.Unfaithful} were judged by this very policy, and it does not give the same verdict again: please report that.");
        if (view.Differences.Count == 0) return;
        printer.Table(["MESSAGES", "WAS", "BY", "WOULD BE", "BY", "FOR EXAMPLE"],
            [.. view.Differences.Select(one => (string[])[one.Messages.ToString(CultureInfo.InvariantCulture), one.From, one.FromRule, one.To, one.ToRule, one.Examples[^1]])]);
    }

    private static async IAsyncEnumerable<DecisionCapsule> ReadAsync(AdminClient server, DateTimeOffset since, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        DecisionView? last = null;
        while (true)
        {
            var query = Query(("since", (last?.At ?? since).UtcDateTime.ToString("O", CultureInfo.InvariantCulture)), ("after", last?.QueueId), ("limit", PageSize.ToString(CultureInfo.InvariantCulture)));
            var page = await server.GetAsync("decisions" + query, AdministrationJson.Default.IReadOnlyListDecisionView, cancellationToken);
            foreach (var one in page)
            {
                if (Capsules.Read(one.QueueId, one.At, one.Decision) is { } capsule) yield return capsule;
            }
            if (page.Count < PageSize) yield break;
            last = page[^1];
        }
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<FILE>")]
        [Description("The other policy.")]
        public required string File { get; init; }

        [CommandOption("--since <TIME>")]
        [Description("How far to look back: 90m, 12h or 3d.")]
        [DefaultValue("24h")]
        public string Since { get; init; } = "24h";

        [CommandOption("--rules")]
        [Description("Also count messages for which another rule comes to the same action.")]
        public bool Rules { get; init; }
    }
}
