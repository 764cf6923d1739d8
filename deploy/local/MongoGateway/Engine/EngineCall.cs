using MongoDB.Bson;
using MongoDB.Bson.Serialization;
using Npgsql;
using NpgsqlTypes;

namespace Merpati.Local.MongoGateway.Engine;

/// <summary>Calls of the engine's functions, which take and return BSON as bytea.</summary>
internal static class EngineCall
{
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> arguments)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments)
        {
            command.Parameters.Add(argument switch
            {
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                ReadOnlyMemory<byte> bson => new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = bson, NpgsqlDbType = NpgsqlDbType.Bytea },
                byte[] bson => new NpgsqlParameter<byte[]> { TypedValue = bson, NpgsqlDbType = NpgsqlDbType.Bytea },
                double number => new NpgsqlParameter<double> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Double },
                long number => new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint },
                long[] numbers => new NpgsqlParameter<long[]> { TypedValue = numbers, NpgsqlDbType = NpgsqlDbType.Bigint | NpgsqlDbType.Array },
                Guid id => new NpgsqlParameter<Guid> { TypedValue = id, NpgsqlDbType = NpgsqlDbType.Uuid },
                null => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
                _ => throw new ArgumentException($"No engine function takes a {argument.GetType()}.", nameof(arguments)),
            });
        }
        return command;
    }

    /// <summary>The one value of the one row; the answer of most functions.</summary>
    public static async ValueTask<object?> ScalarAsync(this CommandContext context, string sql, object?[] arguments, CancellationToken cancellationToken)
    {
        await using var lease = await context.ConnectAsync(cancellationToken);
        await using var command = Command(lease.Connection, sql, arguments);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    public static async ValueTask<byte[]> BsonAsync(this CommandContext context, string sql, object?[] arguments, CancellationToken cancellationToken)
        => await context.ScalarAsync(sql, arguments, cancellationToken) as byte[] ?? throw new CommandFailure(MongoError.InternalError, "The engine gave no answer.");

    public static BsonDocument Document(byte[] bson) => BsonSerializer.Deserialize<BsonDocument>(bson);
}
