using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Contracts.Mailboxes;

public sealed class SqliteMailboxTree : MailboxTreeContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxMessages : MailboxMessagesContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxAnnotations : MailboxAnnotationsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxDelivery : MailboxDeliveryContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxGrants : MailboxGrantsContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxOrder : MailboxOrderContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteMailboxModel : MailboxModelContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

public sealed class SqliteSearch : SearchIndexContract
{
    protected override ValueTask<IMailboxStoreHost> OpenHostAsync() => SqliteMailboxStoreHost.StartAsync();
}

/// <summary>Reopening is a power cut: the files as they lie on the disk, opened again.</summary>
internal sealed class SqliteMailboxStoreHost : IMailboxStoreHost
{
    private readonly SqliteFolder _folder = new(SqliteMailboxStore.Schema);
    private SqliteMailboxStore _store;

    public ISearchIndex Index => new SqliteSearchIndex(_folder.Database, NullLogger.Instance);

    private SqliteMailboxStoreHost() => _store = Over(_folder.Open());

    public IMailboxStore Store => _store;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public static SqliteMailboxStoreHost Start() => new();

    public static ValueTask<IMailboxStoreHost> StartAsync() => ValueTask.FromResult<IMailboxStoreHost>(Start());

    public async ValueTask ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = Over(await _folder.CrashAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _folder.DisposeAsync();
    }

    private SqliteMailboxStore Over(SqliteDatabase database) => new(database, Time, NullLogger.Instance);
}
