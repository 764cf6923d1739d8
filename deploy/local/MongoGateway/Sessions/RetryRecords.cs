using System.Collections.Concurrent;
using Merpati.Local.MongoGateway.Engine;

namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>
/// The reply to the last retryable write of each session, stored in the same statement as the write: a driver that lost the answer sends the write
/// again under the same number, perhaps after the engine or this gateway was started anew, and gets the first reply. (The engine has a memory of its
/// own, but not for batches.)
/// </summary>
internal sealed class RetryRecords(EngineLink engine, int capacity)
{
    /// <summary>The last number seen of each session: a higher one is new for certain, anything else is looked up.</summary>
    private readonly ConcurrentDictionary<Guid, long> _seen = new();

    /// <summary>Wraps a write so that its reply is recorded with it. $1 and $2 are session and number; the write's own arguments start at $3.</summary>
    public static string Recording(string write) =>
        $"""
        WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended($1::text, 2))),
             done AS MATERIALIZED (SELECT p_result::bytea AS reply FROM turn, {write}),
             kept AS (INSERT INTO merpati_gateway.writes (session, number, reply) SELECT $1, $2, reply FROM done
                      ON CONFLICT (session) DO UPDATE SET number = excluded.number, reply = excluded.reply, at = excluded.at)
        SELECT reply FROM done
        """;

    /// <returns>The reply that was given before, or null: the write is to be done.</returns>
    public async ValueTask<byte[]?> FindAsync(RetryId id, CancellationToken cancellationToken)
    {
        if (_seen.Count > capacity) _seen.Clear();
        var isKnown = _seen.TryGetValue(id.Session, out var last);
        if (isKnown && id.Number < last) throw new CommandFailure(MongoError.TransactionTooOld, $"Write {id.Number} of this session is older than {last}.");
        var isNew = isKnown && id.Number > last;
        _seen[id.Session] = id.Number;
        if (isNew) return null;
        await using var connection = await engine.OpenAsync(cancellationToken);
        // A first attempt that is still under way holds the lock until it is over.
        await using var turn = EngineCall.Command(connection, "SELECT pg_advisory_lock(hashtextextended($1::text, 2)), pg_advisory_unlock(hashtextextended($1::text, 2))", id.Session);
        await turn.ExecuteNonQueryAsync(cancellationToken);
        await using var look = EngineCall.Command(connection, "SELECT reply FROM merpati_gateway.writes WHERE session = $1 AND number = $2", id.Session, id.Number);
        return await look.ExecuteScalarAsync(cancellationToken) as byte[];
    }
}

/// <summary>A retryable write's name: its session, and its number there.</summary>
internal readonly record struct RetryId(Guid Session, long Number);
