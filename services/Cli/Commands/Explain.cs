using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Commands.Policies;
using Merpati.Cli.Terminal;
using Merpati.Mail.Policy;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

[Description("Why a message was accepted, put into junk, quarantined or refused: the rule, and the facts that it was judged by.")]
internal sealed class Explain(ITerminal terminal) : MessageQuestion<Explain.Options>(terminal)
{
    protected override void Print(TraceView trace, Printer printer)
    {
        if (trace.AcceptedAt is { } at) printer.Line($"From {trace.Sender} to {string.Join(", ", trace.Recipients)}, by {trace.ClientAddress ?? "this server"} at {When.Format(at)}");
        if (trace is not { Decision: { } decision, AcceptedAt: { } judgedAt })
        {
            printer.Line("It was not judged: it came from a user of ours, from a network that is exempt, or from this server itself.");
            return;
        }
        if (Capsules.Read(trace.QueueId, judgedAt, decision) is not { } capsule)
        {
            printer.Line("It was judged, and the decision cannot be read by this version of merpati: use the one that belongs to the server.");
            return;
        }
        var verdict = capsule.Verdict;
        printer.Line($"{Sentence(verdict)} Policy version {capsule.Policy}.");
        if (verdict.Evidence.Count > 0) printer.Line($"Rules that held: {string.Join(", ", verdict.Evidence)}.");
        if (verdict.Tags.Count > 0) printer.Line($"Tags: {string.Join(", ", verdict.Tags)}.");
        printer.Table(["FACT", "VALUE", "WHAT IT IS"], [.. capsule.Facts.Told.Select(fact => (string[])[fact.Key, fact.Value, MailFact.Find(fact.Key)?.Description ?? ""])]);
    }

    private static string Sentence(PolicyVerdict verdict)
    {
        var by = verdict.Rule == MailPolicy.NoRule ? "as no rule decided otherwise" : $"by the rule '{verdict.Rule}'";
        return verdict.Action switch
        {
            PolicyAction.Accept => $"Accepted {by}{verdict.WithScore}.",
            PolicyAction.Junk => $"Put into the mailbox for junk {by}{verdict.WithScore}.",
            PolicyAction.Quarantine => $"Put into quarantine {by}{verdict.WithScore}.",
            PolicyAction.Redirect => $"Redirected to {verdict.To} {by}{verdict.WithScore}.",
            PolicyAction.Defer => $"Refused for now {by}{verdict.WithScore}.",
            _ => $"Refused {by}{verdict.WithScore}.",
        };
    }

    internal sealed class Options : MessageOptions
    {
        [CommandOption("--limit <COUNT>")]
        [Description("Most messages to explain, the newest first.")]
        [DefaultValue(5)]
        public override int Limit { get; init; }
    }
}
