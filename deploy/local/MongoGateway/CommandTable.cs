using System.Collections.Frozen;
using Merpati.Local.MongoGateway.Commands;

namespace Merpati.Local.MongoGateway;

internal delegate ValueTask<ReadOnlyMemory<byte>> CommandHandler(CommandContext context, CancellationToken cancellationToken);

[Flags]
internal enum CommandTraits
{
    None = 0,

    /// <summary>May be part of a transaction.</summary>
    InTransaction = 1,

    /// <summary>Changes data.</summary>
    Writes = 2,

    /// <summary>Needs no engine, and is answered while it is away.</summary>
    Local = 4,
}

internal sealed record CommandEntry(string Name, CommandTraits Traits, CommandHandler Run);

/// <summary>The commands that are spoken. commitTransaction and abortTransaction are not here: they end a transaction instead of running in it.</summary>
internal static class CommandTable
{
    private const CommandTraits Reads = CommandTraits.InTransaction;
    private const CommandTraits Write = CommandTraits.InTransaction | CommandTraits.Writes;

    private static readonly FrozenDictionary<string, CommandEntry> Entries = new CommandEntry[]
    {
        new("hello", CommandTraits.Local, Hello.Run),
        new("isMaster", CommandTraits.Local, Hello.Run),
        new("ismaster", CommandTraits.Local, Hello.Run),
        new("ping", CommandTraits.None, Diagnostics.Ping),
        new("buildInfo", CommandTraits.Local, Diagnostics.BuildInfo),
        new("buildinfo", CommandTraits.Local, Diagnostics.BuildInfo),
        new("connectionStatus", CommandTraits.Local, Diagnostics.ConnectionStatus),
        new("getParameter", CommandTraits.Local, Diagnostics.GetParameter),
        new("configureFailPoint", CommandTraits.Local, FailPoint.Configure),
        new("explain", CommandTraits.None, Diagnostics.Explain),
        new("startSession", CommandTraits.Local, SessionCommands.Start),
        new("refreshSessions", CommandTraits.Local, SessionCommands.Refresh),
        new("endSessions", CommandTraits.Local, SessionCommands.End),
        new("killSessions", CommandTraits.Local, SessionCommands.End),
        new("insert", Write, Writes.Insert),
        new("update", Write, Writes.Update),
        new("delete", Write, Writes.Delete),
        new("findAndModify", Write, Writes.FindAndModify),
        new("findandmodify", Write, Writes.FindAndModify),
        new("find", Reads, Queries.Find),
        new("aggregate", Write, Queries.Aggregate),
        new("count", Reads, Queries.Count),
        new("distinct", Reads, Queries.Distinct),
        new("getMore", Reads, Queries.GetMore),
        new("killCursors", Reads, Queries.KillCursors),
        new("create", Write, Collections.Create),
        new("drop", CommandTraits.Writes, Collections.Drop),
        new("collMod", CommandTraits.Writes, Collections.Modify),
        new("renameCollection", CommandTraits.Writes, Collections.Rename),
        new("listCollections", CommandTraits.None, Collections.List),
        new("collStats", CommandTraits.None, Collections.Statistics),
        new("validate", CommandTraits.None, Collections.Validate),
        new("createIndexes", Write, Indexes.Create),
        new("dropIndexes", CommandTraits.Writes, Indexes.Drop),
        new("deleteIndexes", CommandTraits.Writes, Indexes.Drop),
        new("listIndexes", CommandTraits.None, Indexes.List),
        new("listDatabases", CommandTraits.None, Databases.List),
        new("dropDatabase", CommandTraits.Writes, Databases.Drop),
        new("dbStats", CommandTraits.None, Databases.Statistics),
    }.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <exception cref="CommandFailure">CommandNotFound</exception>
    public static CommandEntry Find(string name) => Entries.TryGetValue(name, out var entry) ? entry : throw new CommandFailure(MongoError.CommandNotFound, $"no such command: '{name}'");
}
