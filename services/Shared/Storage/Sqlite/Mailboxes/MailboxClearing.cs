using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

/// <summary>Clears away deleted mailboxes in the background, a step at a time, so that others get their turn between two steps.</summary>
internal sealed class MailboxClearing : IAsyncDisposable
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(1);

    private readonly SqliteDatabase _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _wanted = new(initialCount: 1, maxCount: 1);
    private readonly Task _running;

    /// <summary>Starts at once: the last run may have left something.</summary>
    public MailboxClearing(SqliteDatabase database, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _running = RunAsync(_stopping.Token);
    }

    /// <summary>Something was deleted.</summary>
    public void Wake()
    {
        try { _wanted.Release(); }
        catch (SemaphoreFullException) { } // it is awake
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
        _wanted.Dispose();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _wanted.WaitAsync(stopping);
                try
                {
                    while (await _database.WriteAsync(DeleteMailbox.Clear, stopping)) { }
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    MailboxStoreLog.ClearingStopped(_logger, failure);
                    await Task.Delay(AfterFailure, _time, stopping);
                    Wake();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested) { }
    }
}
