using Merpati.Local.MongoGateway.Cursors;
using Merpati.Local.MongoGateway.Engine;
using Merpati.Local.MongoGateway.Sessions;
using Merpati.Local.MongoGateway.Wire;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Merpati.Local.MongoGateway;

/// <summary>
/// From a request to a reply document:
/// 1. find the command;
/// 2. when it is part of a transaction, take the session's turn and find or begin the transaction;
/// 3. run it, again when the engine reports a conflict outside transactions (MongoDB does so itself);
/// 4. turn what failed into an error with the labels that drivers go by; an error ends a transaction.
/// </summary>
internal sealed class CommandRunner(GatewayOptions options, EngineLink engine, SessionTable sessions, CursorTable cursors, FailPoint failPoint, string hostAndPort, ILogger logger)
{
    private const int MaxConflictRetries = 10;

    private readonly RetryRecords _retries = new(engine, options.MaxSessions);

    public async ValueTask<ReadOnlyMemory<byte>> RunAsync(Request request, Client client, CancellationToken cancellationToken)
    {
        try
        {
            if (request.Document.Flag("autocommit") is false) return await RunInSessionAsync(request, client, cancellationToken);
            await failPoint.MeetAsync(request.Document.Command, client, cancellationToken);
            var entry = CommandTable.Find(request.Document.Command);
            var context = Context(request, client, transaction: null, RetryIdOf(request.Document));
            return await RunWithRetriesAsync(entry, context, cancellationToken);
        }
        catch (Exception e) when (e is not ConnectionCut && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            return Failed(request, e, inTransaction: false);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> RunWithRetriesAsync(CommandEntry entry, CommandContext context, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await entry.Run(context, cancellationToken);
            }
            catch (PostgresException e) when (attempt < MaxConflictRetries && IsConflict(e))
            {
                GatewayLog.Conflict(logger, entry.Name, e.SqlState, attempt);
            }
        }
    }

    /// <summary>One session runs one command at a time; its transaction is this command's for that long.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> RunInSessionAsync(Request request, Client client, CancellationToken cancellationToken)
    {
        if (SessionIdOf(request.Document) is not { } id || request.Document.Number("txnNumber") is not { } number) throw new CommandFailure(MongoError.InvalidOptions, "A command of a transaction needs lsid and txnNumber.");
        var session = sessions.Get(id);
        await session.Turn.WaitAsync(cancellationToken);
        try
        {
            await failPoint.MeetAsync(request.Document.Command, client, cancellationToken);
            return request.Document.Command switch
            {
                "commitTransaction" => await CommitAsync(session, number, cancellationToken),
                "abortTransaction" => await AbortAsync(session, number),
                _ => await RunInTransactionAsync(session, number, request, client, cancellationToken),
            };
        }
        catch (Exception e)
        {
            // As in MongoDB every error ends the transaction, and so does a client that left in the middle of a command.
            if (session.Number == number) await session.AbortAsync();
            if (e is ConnectionCut || (e is OperationCanceledException && cancellationToken.IsCancellationRequested)) throw;
            return Failed(request, e, inTransaction: request.Document.Command != "commitTransaction");
        }
        finally
        {
            session.LastUsed = options.Time.GetUtcNow();
            session.Turn.Release();
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> RunInTransactionAsync(Session session, long number, Request request, Client client, CancellationToken cancellationToken)
    {
        var entry = CommandTable.Find(request.Document.Command);
        if (!entry.Traits.HasFlag(CommandTraits.InTransaction)) throw new CommandFailure(MongoError.OperationNotSupportedInTransaction, $"Cannot run '{entry.Name}' in a multi-document transaction.");
        if (request.Document.Flag("startTransaction") is true) await BeginAsync(session, number, cancellationToken);
        if (session.Number != number || session.Open is not { } transaction) throw NoSuchTransaction(session, number);
        if (entry.Traits.HasFlag(CommandTraits.Writes)) transaction.Wrote = true;
        var reply = await entry.Run(Context(request, client, transaction, retryId: null), cancellationToken);
        if (entry.Traits.HasFlag(CommandTraits.Writes) && reply.Span.IndexOf("writeErrors"u8) >= 0 && EngineCall.Document(reply.ToArray()).Contains("writeErrors")) await session.AbortAsync();
        return reply;
    }

    private async ValueTask BeginAsync(Session session, long number, CancellationToken cancellationToken)
    {
        if (number < session.Number) throw new CommandFailure(MongoError.TransactionTooOld, $"Transaction {number} is older than {session.Number}.");
        if (number == session.Number) throw new CommandFailure(new MongoError(117, "ConflictingOperationInProgress"), $"Transaction {number} was started already.");
        await session.AbortAsync();
        (session.Number, session.Outcome) = (number, Outcome.Aborted);
        session.Open = await Transaction.BeginAsync(engine, number, options.Time.GetUtcNow(), cancellationToken);
    }

    private async ValueTask<ReadOnlyMemory<byte>> CommitAsync(Session session, long number, CancellationToken cancellationToken)
    {
        if (session.Number == number && session.Open is { } open)
        {
            // From here on only the record knows, should the engine or the client go away.
            (session.Open, session.Outcome) = (null, Outcome.Unknown);
            await using (open)
            {
                if (open.Wrote) await CommitRecords.AddAsync(open, session.Id, cancellationToken);
                await open.CommitAsync(CancellationToken.None);
            }
            session.Outcome = Outcome.Committed;
            return Replies.Ok();
        }
        var outcome = session.Number == number ? session.Outcome : Outcome.Unknown;
        if (outcome == Outcome.Unknown && await CommitRecords.HasAsync(engine, session.Id, number, cancellationToken)) outcome = Outcome.Committed;
        return outcome == Outcome.Committed ? Replies.Ok() : throw NoSuchTransaction(session, number);
    }

    private static async ValueTask<ReadOnlyMemory<byte>> AbortAsync(Session session, long number)
    {
        if (session.Number != number || session.Open is null) throw NoSuchTransaction(session, number);
        await session.AbortAsync();
        return Replies.Ok();
    }

    private CommandContext Context(Request request, Client client, Transaction? transaction, RetryId? retryId)
        => new(request, client, options, engine, sessions, cursors, hostAndPort, failPoint, transaction, _retries, retryId);

    private ReadOnlyMemory<byte> Failed(Request request, Exception exception, bool inTransaction)
    {
        var command = request.Document.Command;
        var retryable = inTransaction ? ErrorLabel.TransientTransaction
            : command is "commitTransaction" or "abortTransaction" || request.Document.Has("txnNumber") ? ErrorLabel.RetryableWrite
            : null;
        IReadOnlyList<string> mayRetry = retryable is null ? [] : [retryable];
        switch (exception)
        {
            case EngineAway:
                return Replies.Error(MongoError.NotWritablePrimary, exception.Message, mayRetry);
            case Exception when EngineLink.IsLoss(exception):
                engine.Lost();
                GatewayLog.EngineLost(logger, command, exception.Message);
                return Replies.Error(MongoError.ShutdownInProgress, "The DocumentDB engine went away.", mayRetry);
            case NpgsqlException { InnerException: TimeoutException }:
                return Replies.Error(MongoError.ExceededTimeLimit, "There was no free connection to the engine in time.", mayRetry);
            case PostgresException refused:
                var error = MongoError.FromSqlState(refused.SqlState);
                if (inTransaction && error == MongoError.LockTimeout) error = MongoError.WriteConflict;
                if (error == MongoError.InternalError) GatewayLog.Refused(logger, command, refused.SqlState, refused.MessageText);
                return Replies.Error(error, refused.MessageText, error == MongoError.ShutdownInProgress || (inTransaction && error == MongoError.WriteConflict) ? mayRetry : []);
            case CommandFailure failure:
                return Replies.Error(failure.Error, failure.Message, inTransaction && failure.Error == MongoError.WriteConflict ? mayRetry : failure.Labels);
            case WireFormatException:
                return Replies.Error(MongoError.FailedToParse, exception.Message, []);
            default:
                GatewayLog.Fault(logger, command, exception);
                return Replies.Error(MongoError.InternalError, "The gateway failed.", []);
        }
    }

    private static CommandFailure NoSuchTransaction(Session session, long number) => session is { Outcome: Outcome.Committed } && session.Number == number
        ? new CommandFailure(MongoError.TransactionCommitted, $"Transaction {number} has been committed.")
        : new CommandFailure(MongoError.NoSuchTransaction, $"Transaction {number} is not in progress: it was rolled back, or never started here.", ErrorLabel.TransientTransaction);

    private static bool IsConflict(PostgresException exception) => MongoError.FromSqlState(exception.SqlState) == MongoError.WriteConflict;

    private static Guid? SessionIdOf(CommandDocument document)
        => document.Nested("lsid") is { } lsid && CommandDocument.Parse(lsid).Binary("id") is { Length: 16 } id ? new Guid(id.Span, bigEndian: true) : null;

    private static RetryId? RetryIdOf(CommandDocument document)
        => document.Number("txnNumber") is { } number && SessionIdOf(document) is { } session ? new RetryId(session, number) : null;
}
