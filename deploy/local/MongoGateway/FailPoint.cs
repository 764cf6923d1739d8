using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway;

/// <summary>
/// MongoDB's own way to have a test server fail on demand: <c>configureFailPoint: "failCommand"</c> with mode alwaysOn, off or {times: n}, failCommands,
/// appName, errorCode, errorLabels, closeConnection, blockConnection and blockTimeMS. Unlike there, every appName has one of its own, so that tests can share the server.
/// </summary>
internal sealed class FailPoint
{
    private const int MaxNames = 1_000;

    private readonly Lock _turn = new();
    private readonly Dictionary<string, Setting> _settings = new(StringComparer.Ordinal);

    public static ValueTask<ReadOnlyMemory<byte>> Configure(CommandContext context, CancellationToken cancellationToken)
    {
        var command = EngineCall.Document(context.Document.Bytes.ToArray());
        if (context.Database != "admin" || command[0] != "failCommand") throw new CommandFailure(MongoError.InvalidOptions, "Only admin knows a fail point, failCommand.");
        var times = command.GetValue("mode", "off") switch
        {
            BsonString { Value: "alwaysOn" } => long.MaxValue,
            BsonString { Value: "off" } => 0,
            BsonDocument mode when mode.TryGetValue("times", out var number) && number.IsNumeric => number.ToInt64(),
            _ => throw new CommandFailure(MongoError.InvalidOptions, "mode is alwaysOn, off or {times: n}."),
        };
        context.FailPoint.Set(times, command.GetValue("data", null) as BsonDocument ?? []);
        return new(Replies.Ok());
    }

    /// <exception cref="CommandFailure">This command is to fail.</exception>
    /// <exception cref="ConnectionCut">The connection is to be closed instead of an answer.</exception>
    public async ValueTask MeetAsync(string command, Client client, CancellationToken cancellationToken)
    {
        if (Find(command, client) is not { } data) return;
        if (data.GetValue("blockConnection", false).ToBoolean()) await Task.Delay(TimeSpan.FromMilliseconds(data.GetValue("blockTimeMS", 0).ToDouble()), cancellationToken);
        if (data.GetValue("closeConnection", false).ToBoolean()) throw new ConnectionCut();
        if (data.TryGetValue("errorCode", out var code)) throw new CommandFailure(MongoError.FromReply(code.ToInt32()), "Failing command via 'failCommand' failpoint", Setting.Strings(data, "errorLabels"));
    }

    /// <summary>What is to happen to this command; null for nothing.</summary>
    private BsonDocument? Find(string command, Client client)
    {
        lock (_turn)
        {
            if (_settings.Count == 0) return null;
            if (client.ApplicationName is not { } name || !_settings.TryGetValue(name, out var setting)) setting = _settings.GetValueOrDefault("");
            if (setting is null || setting.Times == 0 || !setting.Commands.Contains(command)) return null;
            if (setting.Times != long.MaxValue) setting.Times--;
            return setting.Data;
        }
    }

    private void Set(long times, BsonDocument data)
    {
        var name = data.GetValue("appName", "").ToString()!;
        lock (_turn)
        {
            if (times == 0) _settings.Remove(name);
            else if (_settings.Count < MaxNames) _settings[name] = new Setting(data) { Times = times };
            else throw new CommandFailure(MongoError.InvalidOptions, "There are too many fail points.");
        }
    }

    private sealed class Setting(BsonDocument data)
    {
        public BsonDocument Data { get; } = data;

        public HashSet<string> Commands { get; } = Strings(data, "failCommands").ToHashSet(StringComparer.Ordinal);

        public long Times { get; set; }

        public static string[] Strings(BsonDocument data, string name) => data.GetValue(name, null) is BsonArray values ? [.. values.Select(value => value.ToString()!)] : [];
    }
}

/// <summary>The connection ends here, as when a cable is pulled.</summary>
internal sealed class ConnectionCut() : OperationCanceledException("The fail point cuts the connection.");
