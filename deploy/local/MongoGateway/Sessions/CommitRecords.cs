using Merpati.Local.MongoGateway.Engine;

namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>
/// The number of the last committed transaction of a session, written in that very transaction. A commit whose answer was lost is asked for again
/// by the driver, perhaps after the engine or this gateway was started anew: the record is the answer.
/// </summary>
internal static class CommitRecords
{
    public static async ValueTask AddAsync(Transaction transaction, Guid session, CancellationToken cancellationToken)
    {
        await using var command = EngineCall.Command(transaction.Connection,
            """
            INSERT INTO merpati_gateway.commits (session, number) SELECT $1, $2 FROM (SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))) AS turn
            ON CONFLICT (session) DO UPDATE SET number = excluded.number, at = excluded.at
            """, session, transaction.Number);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Waits for a commit that is under way (it holds the advisory lock), then looks.</summary>
    public static async ValueTask<bool> HasAsync(EngineLink engine, Guid session, long number, CancellationToken cancellationToken)
    {
        await using var connection = await engine.OpenAsync(cancellationToken);
        await using var turn = EngineCall.Command(connection, "SELECT pg_advisory_lock(hashtextextended($1::text, 0)), pg_advisory_unlock(hashtextextended($1::text, 0))", session);
        await turn.ExecuteNonQueryAsync(cancellationToken);
        await using var look = EngineCall.Command(connection, "SELECT 1 FROM merpati_gateway.commits WHERE session = $1 AND number = $2", session, number);
        return await look.ExecuteScalarAsync(cancellationToken) is not null;
    }
}
