using Merpati.Storage;
using Merpati.Storage.Sqlite;

namespace Merpati.Tests.Contracts.Journal;

public sealed class SqliteJournalTests : JournalContract
{
    private readonly SqliteFolder _folder = new(SqliteJournal.Schema);

    protected override Task<IJournal> StartAsync() => Task.FromResult<IJournal>(new SqliteJournal(_folder.Open()));

    protected override async Task StopAsync() => await _folder.DisposeAsync();

    protected override async Task<IJournal> CrashAsync() => new SqliteJournal(await _folder.CrashAsync());
}
