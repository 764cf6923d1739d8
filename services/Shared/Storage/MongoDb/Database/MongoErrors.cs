using MongoDB.Driver;

namespace Merpati.Storage.MongoDb;

/// <summary>What the driver's exceptions mean to those who use a store.</summary>
internal static class MongoErrors
{
    public const int DuplicateKey = 11000;

    private const int OutOfDiskSpace = 14031;
    private const int IllegalOperation = 20;

    public const string TransientTransaction = "TransientTransactionError";
    public const string UnknownCommit = "UnknownTransactionCommitResult";

    /// <summary>The store's exception for the failure, or the same one when it is a fault of our own (a wrong query, a constraint).</summary>
    public static Exception Translate(Exception failure, string store) => failure switch
    {
        StoreFullException or StoreUnavailableException => failure,
        _ when CodesOf(failure).Contains(OutOfDiskSpace) => new StoreFullException(store, failure),
        MongoCommandException { Code: IllegalOperation } e when e.Message.Contains("replica set", StringComparison.OrdinalIgnoreCase)
            => new StoreUnavailableException(store, "the server is no replica set member, and transactions need one; start mongod with --replSet and run rs.initiate().", failure),
        MongoAuthenticationException => new StoreUnavailableException(store, "the server refuses our user or password.", failure),
        TimeoutException or MongoConnectionException or MongoNotPrimaryException or MongoNodeIsRecoveringException or MongoConnectionPoolPausedException or MongoWaitQueueFullException or MongoExecutionTimeoutException
            => new StoreUnavailableException(store, "no server answers (" + FirstLine(failure) + ").", failure),
        MongoException labelled when labelled.HasErrorLabel(TransientTransaction) || labelled.HasErrorLabel(UnknownCommit) || labelled.HasErrorLabel("RetryableWriteError")
            => new StoreUnavailableException(store, "it is too busy or changes its primary (" + FirstLine(failure) + ").", failure),
        _ => failure,
    };

    /// <summary>A document with this _id, or with these values of a unique index, is there already.</summary>
    public static bool IsDuplicateKey(Exception failure) => CodesOf(failure).Contains(DuplicateKey);

    public static bool HasLabel(Exception failure, string label) => failure is MongoException known && known.HasErrorLabel(label);

    private static IEnumerable<int> CodesOf(Exception failure) => failure switch
    {
        MongoCommandException command => [command.Code],
        MongoWriteException { WriteError: { } error } => [error.Code],
        MongoBulkWriteException bulk => bulk.WriteErrors.Select(error => error.Code),
        _ => [],
    };

    private static string FirstLine(Exception failure)
    {
        var text = failure.Message;
        // The driver's timeout tells the whole state of the cluster; the log has it with the cause.
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        if (end >= 0) text = text[..end];
        return text.Length <= 200 ? text : text[..200] + "…";
    }
}
