using Merpati.Local.MongoGateway.Engine;
using Npgsql;

namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>Where the gateway remembers, in the engine, what drivers may ask for again.</summary>
internal static class RecordTables
{
    public static async ValueTask CreateAsync(EngineLink engine, CancellationToken cancellationToken)
    {
        await using var connection = await engine.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_advisory_lock(7717);
            CREATE SCHEMA IF NOT EXISTS merpati_gateway;
            CREATE TABLE IF NOT EXISTS merpati_gateway.commits (session uuid PRIMARY KEY, number bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
            CREATE TABLE IF NOT EXISTS merpati_gateway.writes (session uuid PRIMARY KEY, number bigint NOT NULL, reply bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
            SELECT pg_advisory_unlock(7717)
            """, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Sessions end after half an hour; nobody asks for what is older.</summary>
    public static async ValueTask ForgetOldAsync(EngineLink engine, CancellationToken cancellationToken)
    {
        await using var connection = await engine.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            DELETE FROM merpati_gateway.commits WHERE at < now() - interval '2 hours';
            DELETE FROM merpati_gateway.writes WHERE at < now() - interval '2 hours'
            """, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
