using MongoDB.Bson;
using MongoDB.Driver;

namespace Merpati.Local.ForTests;

/// <summary>The MongoDB that a test process uses: <c>MERPATI_TEST_MONGODB</c>, else one of our own, started when it is first asked for and gone with the process.</summary>
public static class TestMongo
{
    private const int OutOfDiskSpace = 14031;

    private static readonly Lock Turn = new();
    private static Task<string>? _started;

    /// <summary>The connection string. Tests share the server: each takes a database name of its own and drops it.</summary>
    public static Task<string> ConnectionStringAsync()
    {
        lock (Turn) return _started ??= StartAsync();
    }

    /// <summary>The server says that its disk is full to these commands of one client, or no longer.</summary>
    /// <param name="client">The appName of its connection string.</param>
    public static Task SetFullAsync(string client, bool full, params IEnumerable<string> commands) => SetAsync(client, full, commands, new BsonDocument("errorCode", OutOfDiskSpace));

    /// <summary>The server takes that long for each of these commands of one client besides; no time, and it no longer does.</summary>
    /// <param name="client">The appName of its connection string.</param>
    public static Task SetSlowAsync(string client, TimeSpan time, params IEnumerable<string> commands)
        => SetAsync(client, time > TimeSpan.Zero, commands, new BsonDocument { { "blockConnection", true }, { "blockTimeMS", time.TotalMilliseconds } });

    private static async Task SetAsync(string client, bool on, IEnumerable<string> commands, BsonDocument how)
        => await new MongoClient(await ConnectionStringAsync()).GetDatabase("admin").RunCommandAsync<BsonDocument>(new BsonDocument
        {
            { "configureFailPoint", "failCommand" },
            { "mode", on ? "alwaysOn" : "off" },
            { "data", new BsonDocument { { "failCommands", new BsonArray(commands) }, { "appName", client } }.Merge(how) },
        });

    private static async Task<string> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("MERPATI_TEST_MONGODB") is { Length: > 0 } given) return given;
        var mongo = await LocalMongo.StartNewAsync(CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAtExit(mongo.DisposeAsync());
        return mongo.ConnectionString;
    }

    /// <summary>The data folder goes; should there be no time for that, the next start clears it away.</summary>
    internal static void EndAtExit(ValueTask ending)
    {
        // ProcessExit cannot await; the runtime gives it a moment, and the process ends at any rate.
        var ended = new ManualResetEventSlim();
        _ = EndAsync(ending, ended);
        ended.Wait(TimeSpan.FromSeconds(10));
    }

    private static async Task EndAsync(ValueTask ending, ManualResetEventSlim ended)
    {
        try { await ending; }
        finally { ended.Set(); }
    }
}
