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

public sealed class SqliteMailboxDelivery : MailboxDeliveryContract
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

internal sealed class SqliteMailboxStoreHost : IMailboxStoreHost
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-mailboxes-").FullName;
    private SqliteMailboxStore _store;

    private SqliteMailboxStoreHost() => _store = Open();

    public IMailboxStore Store => _store;

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public static ValueTask<IMailboxStoreHost> StartAsync() => ValueTask.FromResult<IMailboxStoreHost>(new SqliteMailboxStoreHost());

    public async ValueTask ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = Open();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private SqliteMailboxStore Open() => SqliteMailboxStore.Open(_folder, Time, NullLogger<SqliteMailboxStore>.Instance);
}
