using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Storage.Sqlite;

namespace Merpati.Tests.Contracts.Content;

public sealed class SqliteContentStoreTests : ContentStoreContract
{
    private const int Chunk = 64 * 1024;

    private readonly SqliteFolder _folder = new(SqliteContentStore.Schema);

    protected override Task<IContentStore> StartAsync() => Task.FromResult<IContentStore>(new SqliteContentStore(_folder.Open(), Time));

    protected override async Task StopAsync() => await _folder.DisposeAsync();

    protected override async Task<IContentStore> CrashAsync() => new SqliteContentStore(await _folder.CrashAsync(), Time);

    protected override async Task DamageAsync(ContentId content, long offset) => await _folder.Database.WriteAsync(session =>
    {
        Flip("SELECT octets FROM content WHERE id = ?1", "UPDATE content SET octets = ?2 WHERE id = ?1", offset, content.Value);
        Flip("SELECT octets FROM chunk WHERE content = ?1 AND number = ?2", "UPDATE chunk SET octets = ?3 WHERE content = ?1 AND number = ?2", offset % Chunk, content.Value, offset / Chunk);

        void Flip(string select, string update, long at, params SqlValue[] key)
        {
            byte[] octets;
            using (var rows = session.Query(select, key))
            {
                if (!rows.Next() || rows.IsNull(0)) return;
                octets = rows.Bytes(0);
            }
            octets[at] ^= 0x20;
            session.Execute(update, [.. key, octets]);
        }
    }, default);

    protected override Task SetFullAsync(bool full) => _folder.LimitAsync(full);
}
