using AwesomeAssertions;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Merpati.Tests.Unit.Storage.Sqlite;

public sealed class SqliteStoresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-stores-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Registration_gives_every_store_of_one_folder_and_leaves_one_file_each()
    {
        var services = new ServiceCollection().AddLogging().AddSqliteStores(_ => new SqliteStoreOptions { Folder = _folder });
        await using (var provider = services.BuildServiceProvider())
        {
            foreach (var contract in new[] { typeof(IDirectoryStore), typeof(IContentStore), typeof(IMailQueue), typeof(IJournal), typeof(IMailboxStore) })
            {
                provider.GetRequiredService(contract).Should().BeSameAs(provider.GetRequiredService(contract));
            }
            await WriteAsync(provider.GetRequiredService<IContentStore>());
        }
        Directory.GetFiles(_folder).Select(Path.GetFileName).Should().BeEquivalentTo("directory.db", "content.db", "queue.db", "journal.db", "mailboxes.db", "merpati.lock");
    }

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        await using var first = Open(_folder);
        FluentActions.Invoking(() => Open(_folder)).Should().Throw<StoreUnavailableException>().WithMessage("*in use by another Merpati*");
    }

    [Fact]
    public async Task When_one_store_cannot_be_opened_none_stays_open()
    {
        var broken = Path.Combine(_folder, "queue.db");
        await File.WriteAllTextAsync(broken, new string('x', 5_000));
        FluentActions.Invoking(() => Open(_folder)).Should().Throw<StoreUnavailableException>().WithMessage("The queue store is not available: its file is not a database*");
        File.Delete(broken);
        await using var stores = Open(_folder);
        await WriteAsync(stores.Content);
    }

    [Fact]
    public async Task A_backup_is_a_data_folder()
    {
        var copy = Path.Combine(_folder, "backup");
        await using (var stores = Open(Path.Combine(_folder, "data")))
        {
            await WriteAsync(stores.Content);
            await stores.BackupToAsync(copy, default);
            await WriteAsync(stores.Content);
            await stores.BackupToAsync(copy, default);
        }
        await using var restored = Open(copy);
        (await restored.Content.ListAsync(DateTimeOffset.MaxValue, null, 10, default)).Should().HaveCount(2);
        foreach (var database in restored.Databases) (await database.CheckIntegrityAsync(default)).Should().BeEmpty();
    }

    private static SqliteStores Open(string folder) => SqliteStores.Open(new SqliteStoreOptions { Folder = folder }, TimeProvider.System, NullLogger<SqliteStores>.Instance);

    private static async Task WriteAsync(IContentStore store)
    {
        await using var writer = await store.CreateAsync(default);
        await writer.WriteAsync("Subject: hi\r\n\r\n"u8.ToArray(), default);
        await writer.CommitAsync(default);
    }
}
