using System.ComponentModel;
using Merpati.Administration;
using Merpati.Cli.Terminal;
using Merpati.Storage.MongoDb;

namespace Merpati.Cli.Commands.Databases;

/// <summary>Makes the collections and indexes that this version needs, before its services start. Whatever runs meanwhile goes on; run again it changes nothing.</summary>
[Description("Bring the schema of a cluster's database up to this version; never down. Services of the version before go on meanwhile.")]
internal sealed class Migrate(ITerminal terminal) : DatabaseCommand<DatabaseOptions>(terminal)
{
    protected override async Task RunAsync(MongoStores stores, DatabaseOptions options, Printer printer, CancellationToken cancellationToken)
    {
        var outcomes = await WhenThereAsync(options, stores.MigrateAsync, cancellationToken);
        printer.Print<IReadOnlyList<SchemaView>>([.. outcomes.Select(outcome => new SchemaView(outcome.Store, outcome.State.ToString().ToLowerInvariant(), outcome.Found, outcome.Known, outcome.By))], () =>
        {
            foreach (var outcome in outcomes) printer.Line($"{outcome.Store}: {outcome.Sentence}.");
        });
        if (outcomes.FirstOrDefault(outcome => !outcome.IsReady) is { } refused) throw new SchemaFailure($"The {refused.Store} store cannot be used: {refused.Sentence}.");
    }
}
