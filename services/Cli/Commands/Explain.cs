using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Merpati.Administration;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Merpati.Queueing;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

[Description("Why a message was accepted, put into junk, quarantined or refused: the rule, and the facts that it was judged by.")]
internal sealed class Explain(ITerminal terminal) : AdminCommand<Explain.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var traces = await server.GetAsync("trace" + Query(("of", options.Of), ("limit", options.Limit.ToString(CultureInfo.InvariantCulture))), AdministrationJson.Default.IReadOnlyListTraceView, cancellationToken);
        printer.Print(traces, () =>
        {
            for (var i = 0; i < traces.Count; i++)
            {
                if (i > 0) printer.Line();
                Print(traces[i], printer);
            }
        });
    }

    private static void Print(TraceView trace, Printer printer)
    {
        printer.Line($"{trace.QueueId}  {trace.MessageId ?? "without Message-ID"}");
        if (trace.AcceptedAt is { } at) printer.Line($"From {trace.Sender} to {string.Join(", ", trace.Recipients)}, by {trace.ClientAddress ?? "this server"} at {When.Format(at)}");
        if (Capsule(trace) is not { } capsule)
        {
            printer.Line("It was not judged: it came from a user of ours, from a network that is exempt, or from this server itself.");
            return;
        }
        var verdict = capsule.Verdict;
        printer.Line($"{Sentence(verdict)} Policy version {capsule.Policy}.");
        if (verdict.Evidence.Count > 0) printer.Line($"Rules that held: {string.Join(", ", verdict.Evidence)}.");
        if (verdict.Tags.Count > 0) printer.Line($"Tags: {string.Join(", ", verdict.Tags)}.");
        printer.Table(["FACT", "VALUE", "WHAT IT IS"], [.. capsule.Facts.Told.Select(fact => (string[])[fact.Key, fact.Value, MailFact.Find(fact.Key)?.Description ?? ""])]);
    }

    private static DecisionCapsule? Capsule(TraceView trace)
    {
        if (trace is not { Decision: { } decision, AcceptedAt: { } at } || !QueueId.TryParse(trace.QueueId, out var id)) return null;
        try { return DecisionCapsule.FromJson(id, at, decision.GetRawText()); }
        catch (JsonException) { return null; }
    }

    private static string Sentence(PolicyVerdict verdict)
    {
        var by = verdict.Rule == MailPolicy.NoRule ? "as no rule decided otherwise" : $"by the rule '{verdict.Rule}'";
        var score = verdict.Score == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" with score {verdict.Score:0.###}");
        return verdict.Action switch
        {
            PolicyAction.Accept => $"Accepted {by}{score}.",
            PolicyAction.Junk => $"Put into the mailbox for junk {by}{score}.",
            PolicyAction.Quarantine => $"Put into quarantine {by}{score}.",
            PolicyAction.Defer => $"Refused for now {by}{score}.",
            _ => $"Refused {by}{score}.",
        };
    }

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<MESSAGE>")]
        [Description("A queue id, a Message-ID, or the address of a sender or recipient.")]
        public required string Of { get; init; }

        [CommandOption("--limit <COUNT>")]
        [Description("Most messages to explain, the newest first.")]
        [DefaultValue(5)]
        public int Limit { get; init; }
    }
}
