using Merpati.Local.MongoGateway.Engine;
using MongoDB.Bson;

namespace Merpati.Local.MongoGateway;

/// <summary>
/// MongoDB's own way to have a test server fail on demand: <c>configureFailPoint: "failCommand"</c> with mode alwaysOn, off or {times: n}, failCommands,
/// errorCode, errorLabels and closeConnection.
/// </summary>
internal sealed class FailPoint
{
    private readonly Lock _turn = new();
    private HashSet<string> _commands = [];
    private BsonDocument _data = [];
    private long _times;

    public static ValueTask<ReadOnlyMemory<byte>> Configure(CommandContext context, CancellationToken cancellationToken)
    {
        var command = EngineCall.Document(context.Document.Bytes.ToArray());
        if (context.Database != "admin" || command[0] != "failCommand") throw new CommandFailure(MongoError.InvalidOptions, "Only admin knows a fail point, failCommand.");
        context.FailPoint.Set(
            command.GetValue("mode", "off") switch
            {
                BsonString { Value: "alwaysOn" } => long.MaxValue,
                BsonString { Value: "off" } => 0,
                BsonDocument mode when mode.TryGetValue("times", out var times) && times.IsNumeric => times.ToInt64(),
                _ => throw new CommandFailure(MongoError.InvalidOptions, "mode is alwaysOn, off or {times: n}."),
            },
            command.GetValue("data", null) as BsonDocument ?? []);
        return new(Replies.Ok());
    }

    /// <exception cref="CommandFailure">This command is to fail.</exception>
    /// <exception cref="OperationCanceledException">The connection is to be closed instead of an answer.</exception>
    public void Meet(string command)
    {
        lock (_turn)
        {
            if (_times == 0 || !_commands.Contains(command)) return;
            if (_times != long.MaxValue) _times--;
            if (_data.GetValue("closeConnection", false).ToBoolean()) throw new ConnectionCut();
            string[] labels = _data.GetValue("errorLabels", null) is BsonArray given ? [.. given.Select(label => label.ToString()!)] : [];
            throw new CommandFailure(MongoError.FromReply(_data.GetValue("errorCode", 1).ToInt32()), "Failing command via 'failCommand' failpoint", labels);
        }
    }

    private void Set(long times, BsonDocument data)
    {
        lock (_turn)
        {
            _times = times;
            _data = data;
            _commands = data.GetValue("failCommands", null) is BsonArray names ? [.. names.Select(name => name.ToString()!)] : [];
        }
    }
}

/// <summary>The connection ends here, as when a cable is pulled.</summary>
internal sealed class ConnectionCut() : OperationCanceledException("The fail point cuts the connection.");
