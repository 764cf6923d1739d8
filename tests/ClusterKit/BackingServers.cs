namespace Merpati.TestKit.Cluster;

/// <summary>The database and the broker that all tests of this process share, started once and ended with it.</summary>
public static class BackingServers
{
    /// <summary>Connection strings of a MongoDB replica set and of RabbitMQ.</summary>
    public static ValueTask<(string MongoDb, string RabbitMq)> SharedAsync()
        => new((Environment.GetEnvironmentVariable("MERPATI_TEST_MONGODB") ?? throw new InvalidOperationException("Set MERPATI_TEST_MONGODB."),
            Environment.GetEnvironmentVariable("MERPATI_TEST_RABBITMQ") ?? throw new InvalidOperationException("Set MERPATI_TEST_RABBITMQ.")));
}
