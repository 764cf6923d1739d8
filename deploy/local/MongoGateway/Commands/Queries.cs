using System.Globalization;
using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Merpati.Local.MongoGateway.Commands;

/// <summary>find, aggregate, count, distinct, and the cursors: getMore, killCursors.</summary>
internal static class Queries
{
    public static ValueTask<ReadOnlyMemory<byte>> Find(CommandContext context, CancellationToken cancellationToken) => FirstBatchAsync(context, "find_cursor_first_page", cancellationToken);

    public static ValueTask<ReadOnlyMemory<byte>> Aggregate(CommandContext context, CancellationToken cancellationToken) => FirstBatchAsync(context, "aggregate_cursor_first_page", cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> Count(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT document::bytea FROM documentdb_api.count_query($1, $2)", [context.Database, context.Document.Bytes], cancellationToken);

    public static async ValueTask<ReadOnlyMemory<byte>> Distinct(CommandContext context, CancellationToken cancellationToken)
        => await context.BsonAsync("SELECT document::bytea FROM documentdb_api.distinct_query($1, $2)", [context.Database, context.Document.Bytes], cancellationToken);

    /// <summary>Runs a cursor function; when there is more than one batch, keeps the cursor.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> FirstBatchAsync(CommandContext context, string function, CancellationToken cancellationToken)
    {
        if (context.Cursors.IsFull) throw new CommandFailure(MongoError.InternalError, "There are too many open cursors.");
        await using var lease = await context.ConnectAsync(cancellationToken);
        await using var command = EngineCall.Command(lease.Connection, $"SELECT cursorpage::bytea, continuation::bytea, cursorid FROM documentdb_api.{function}($1, $2)", context.Database, context.Document.Bytes);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) throw new CommandFailure(MongoError.InternalError, "The engine gave no answer.");
        if (!await reader.IsDBNullAsync(1, cancellationToken)) context.Cursors.Keep(reader.GetInt64(2), await reader.GetFieldValueAsync<byte[]>(1, cancellationToken), context.Database);
        return await reader.GetFieldValueAsync<byte[]>(0, cancellationToken);
    }

    public static async ValueTask<ReadOnlyMemory<byte>> GetMore(CommandContext context, CancellationToken cancellationToken)
    {
        var id = context.Document.Number("getMore") ?? throw new CommandFailure(MongoError.TypeMismatch, "getMore takes a cursor id.");
        if (context.Cursors.Take(id) is not { } cursor || cursor.Database != context.Database) throw NotFound(id);
        await using var lease = await context.ConnectAsync(cancellationToken);
        await using var command = EngineCall.Command(lease.Connection, "SELECT cursorpage::bytea, continuation::bytea FROM documentdb_api.cursor_get_more($1, $2, $3)", cursor.Database, context.Document.Bytes, cursor.Continuation);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) throw NotFound(id);
        if (!await reader.IsDBNullAsync(1, cancellationToken)) context.Cursors.Keep(id, await reader.GetFieldValueAsync<byte[]>(1, cancellationToken), cursor.Database);
        return await reader.GetFieldValueAsync<byte[]>(0, cancellationToken);
    }

    public static async ValueTask<ReadOnlyMemory<byte>> KillCursors(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Document.Nested("cursors") is not { } list) throw new CommandFailure(MongoError.TypeMismatch, "killCursors takes an array of cursor ids.");
        long[] asked = [.. BsonSerializer.Deserialize<BsonDocument>(list.ToArray()).Values.Where(value => value.IsNumeric).Select(value => value.ToInt64())];
        long[] found = [.. asked.Where(id => context.Cursors.Take(id) is not null)];
        if (found.Length > 0) await context.ScalarAsync(DeleteCursors, [found], cancellationToken);
        return Replies.Ok(new BsonDocument
        {
            { "cursorsKilled", new BsonArray(found) },
            { "cursorsNotFound", new BsonArray(asked.Except(found)) },
            { "cursorsAlive", new BsonArray() },
            { "cursorsUnknown", new BsonArray() },
        });
    }

    /// <summary>Removes the files of cursors that are out of the table.</summary>
    public const string DeleteCursors = "SELECT documentdb_api_internal.delete_cursors($1)::bytea";

    private static CommandFailure NotFound(long id) => new(MongoError.CursorNotFound, string.Create(CultureInfo.InvariantCulture, $"cursor id {id} not found"));
}
