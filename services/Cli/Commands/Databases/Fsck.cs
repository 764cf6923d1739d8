using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Databases;

/// <summary>Reads all that a cluster keeps and names what is wrong; writes nothing but its result, unless it is told to mend.</summary>
[Description("Check everything in a cluster's database: the ledger, the queue, mailboxes and contents. Exit code 1 where something is wrong.")]
internal sealed class Fsck(ITerminal terminal) : DatabaseCommand<Fsck.Options>(terminal)
{
    protected override async Task RunAsync(MongoStores stores, Options options, Printer printer, CancellationToken cancellationToken)
    {
        // It reads what this version has; of an older schema something may be missing.
        var states = await WhenThereAsync(options, stores.FindSchemaAsync, cancellationToken);
        if (states.FirstOrDefault(state => !state.IsReady) is { } unready) throw new SchemaFailure($"The {unready.Store} store cannot be checked: {unready.Sentence}.");

        var tally = new DamageTally(Time, options.ReadBodies);
        var check = new ConsistencyCheck(stores.Content, stores.Queue, stores.Inspection, Time);
        await foreach (var damage in check.RunAsync(new ConsistencyCheckOptions(options.ReadBodies, options.Repair, options.Grace), cancellationToken))
        {
            // At once: a large database takes hours.
            if (tally.Add(damage) is { } finding && !options.Json) printer.Line($"{finding.Kind}: {finding.Where}: {finding.What}{(finding.Repaired ? " (repaired)" : "")}");
        }
        var report = tally.Report();
        await LastCheck.WriteAsync(stores.SharedRecords, report, cancellationToken);
        printer.Print(report, () =>
        {
            foreach (var count in report.Counts) printer.Line($"{count.Found} {count.Kind}{(count.Octets > 0 ? $", {Octets.Format(count.Octets)}" : "")}{(count.Repaired > 0 ? $", {count.Repaired} of them repaired" : "")}");
            printer.Line($"{(report.Counts.Count == 0 ? "All is well" : "Something is wrong")}: ledger, queue, mailboxes and {(options.ReadBodies ? "every octet of the contents" : "contents")}, in {report.Seconds:0.0} s.");
        });
        var left = report.Counts.Sum(count => count.Found - count.Repaired);
        if (left > 0) throw new DamageFailure($"{left} {(left == 1 ? "thing is" : "things are")} wrong; see docs/operations/runbooks.md, FsckFoundDamage.");
    }

    internal sealed class Options : DatabaseOptions
    {
        [CommandOption("--read-bodies")]
        [Description("Read every octet of every content and compare it with its SHA-256.")]
        public bool ReadBodies { get; init; }

        [CommandOption("--repair")]
        [Description("Mend what can be mended without a loss: counters, and octets that nobody needs. Nothing else is ever changed.")]
        public bool Repair { get; init; }

        [CommandOption("--grace <TIME>")]
        [Description("Contents that nobody needs count from this age on; the collector of Delivery removes them before.")]
        [DefaultValue("2.00:00:00")]
        public TimeSpan Grace { get; init; }

        public override ValidationResult Validate() => Grace >= TimeSpan.FromHours(1) ? base.Validate() : ValidationResult.Error("--grace is an hour at the least: younger contents may be of mail that is being accepted");
    }
}
