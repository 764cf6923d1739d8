using Merpati.Cli.Terminal;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Databases;

/// <summary>A command that works on the database of a cluster, with services beside it or without.</summary>
internal abstract class DatabaseCommand<TOptions>(ITerminal terminal) : AsyncCommand<TOptions>
    where TOptions : DatabaseOptions
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    protected TimeProvider Time { get; } = TimeProvider.System;

    protected abstract Task RunAsync(MongoStores stores, TOptions options, Printer printer, CancellationToken cancellationToken);

    public sealed override async Task<int> ExecuteAsync(CommandContext context, TOptions settings, CancellationToken cancellationToken)
    {
        try
        {
            await using var stores = new MongoStores(settings.ToStoreOptions(), Time, NullLogger<MongoStores>.Instance);
            await RunAsync(stores, settings, new Printer(terminal, settings.Json), cancellationToken);
            return ExitCode.Done;
        }
        catch (Exception e) when (e is StoreUnavailableException or StoreFullException) { throw new NotReachableFailure(e.Message); }
    }

    /// <summary>The database may come up together with us: what it does not answer is asked again, and why is said once.</summary>
    protected async Task<T> WhenThereAsync<T>(TOptions options, Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken)
    {
        var startedAt = Time.GetTimestamp();
        string? told = null;
        while (true)
        {
            try { return await ask(cancellationToken); }
            catch (StoreUnavailableException away) when (Time.GetElapsedTime(startedAt) < options.Wait)
            {
                if (told != away.Message) await terminal.Error.WriteLineAsync($"Waiting: {away.Message}");
                told = away.Message;
                await Task.Delay(LookAgain, Time, cancellationToken);
            }
        }
    }
}
