using System.Collections.Frozen;

namespace Merpati.Local.MongoGateway;

/// <summary>A server error code and its name, as drivers know them; deploy/local/README.md says when each is given.</summary>
internal readonly record struct MongoError(int Code, string Name)
{
    public static readonly MongoError InternalError = new(1, nameof(InternalError));
    public static readonly MongoError BadValue = new(2, nameof(BadValue));
    public static readonly MongoError FailedToParse = new(9, nameof(FailedToParse));
    public static readonly MongoError TypeMismatch = new(14, nameof(TypeMismatch));
    public static readonly MongoError IllegalOperation = new(20, nameof(IllegalOperation));
    public static readonly MongoError LockTimeout = new(24, nameof(LockTimeout));
    public static readonly MongoError NamespaceNotFound = new(26, nameof(NamespaceNotFound));
    public static readonly MongoError IndexNotFound = new(27, nameof(IndexNotFound));
    public static readonly MongoError CursorNotFound = new(43, nameof(CursorNotFound));
    public static readonly MongoError NamespaceExists = new(48, nameof(NamespaceExists));
    public static readonly MongoError MaxTimeExpired = new(50, "MaxTimeMSExpired");
    public static readonly MongoError CommandNotFound = new(59, nameof(CommandNotFound));
    public static readonly MongoError InvalidOptions = new(72, nameof(InvalidOptions));
    public static readonly MongoError ShutdownInProgress = new(91, nameof(ShutdownInProgress));
    public static readonly MongoError WriteConflict = new(112, nameof(WriteConflict));
    public static readonly MongoError CommandNotSupported = new(115, nameof(CommandNotSupported));
    public static readonly MongoError CursorInUse = new(143, nameof(CursorInUse));
    public static readonly MongoError TransactionTooOld = new(225, nameof(TransactionTooOld));
    public static readonly MongoError NoSuchTransaction = new(251, nameof(NoSuchTransaction));
    public static readonly MongoError TransactionCommitted = new(256, nameof(TransactionCommitted));
    public static readonly MongoError TooManyLogicalSessions = new(261, nameof(TooManyLogicalSessions));
    public static readonly MongoError OperationNotSupportedInTransaction = new(263, nameof(OperationNotSupportedInTransaction));
    public static readonly MongoError ExceededTimeLimit = new(262, nameof(ExceededTimeLimit));
    public static readonly MongoError NotWritablePrimary = new(10107, nameof(NotWritablePrimary));
    public static readonly MongoError BsonObjectTooLarge = new(10334, nameof(BsonObjectTooLarge));
    public static readonly MongoError DuplicateKey = new(11000, nameof(DuplicateKey));
    public static readonly MongoError Interrupted = new(11601, nameof(Interrupted));
    public static readonly MongoError OutOfDiskSpace = new(14031, nameof(OutOfDiskSpace));

    /// <summary>The engine's own SQLSTATEs (M0…) and PostgreSQL's that a client can meet. What is not here is an InternalError with the engine's text.</summary>
    private static readonly FrozenDictionary<string, MongoError> BySqlState = new Dictionary<string, MongoError>(StringComparer.Ordinal)
    {
        ["M0000"] = InternalError,
        ["M0001"] = BadValue,
        ["M0003"] = FailedToParse,
        ["M0004"] = TypeMismatch,
        ["M0005"] = new(15, "Overflow"),
        ["M0006"] = IllegalOperation,
        ["M00EW"] = LockTimeout,
        ["M0008"] = NamespaceNotFound,
        ["M0009"] = IndexNotFound,
        ["M000A"] = new(28, "PathNotViable"),
        ["M000D"] = new(40, "ConflictingUpdateOperators"),
        ["M000E"] = CursorNotFound,
        ["M000F"] = NamespaceExists,
        ["M00EX"] = MaxTimeExpired,
        ["M000G"] = new(52, "DollarPrefixedFieldName"),
        ["M000J"] = new(56, "EmptyFieldName"),
        ["M000K"] = new(57, "DottedFieldName"),
        ["M00EY"] = CommandNotFound,
        ["M000M"] = new(66, "ImmutableField"),
        ["M000N"] = new(67, "CannotCreateIndex"),
        ["M000O"] = new(68, "IndexAlreadyExists"),
        ["M000P"] = InvalidOptions,
        ["M000Q"] = new(73, "InvalidNamespace"),
        ["M000R"] = new(85, "IndexOptionsConflict"),
        ["M000S"] = new(86, "IndexKeySpecsConflict"),
        ["M00F0"] = ShutdownInProgress,
        ["M00F1"] = WriteConflict,
        ["M000U"] = CommandNotSupported,
        ["M00F2"] = new(117, "ConflictingOperationInProgress"),
        ["M00CO"] = new(121, "DocumentValidationFailure"),
        ["M00EL"] = CursorInUse,
        ["M000W"] = new(146, "ExceededMemoryLimit"),
        ["M0012"] = new(197, "InvalidIndexSpecificationOption"),
        ["M0013"] = new(224, "QueryFeatureNotAllowed"),
        ["M00F5"] = TransactionTooOld,
        ["M0015"] = new(241, "ConversionFailure"),
        ["M00F6"] = NoSuchTransaction,
        ["M00F7"] = TransactionCommitted,
        ["M0016"] = OperationNotSupportedInTransaction,
        ["M0017"] = new(276, "IndexBuildAborted"),
        ["M0018"] = new(291, "NoQueryExecutionPlans"),
        ["M00E8"] = NotWritablePrimary,
        ["M001B"] = BsonObjectTooLarge,
        ["M001C"] = DuplicateKey,
        ["M003A"] = new(17419, "Location17419"),
        ["M003B"] = new(17420, "Location17420"),
        ["M007U"] = new(40324, "Location40324"),
        ["M0088"] = new(40415, "Location40415"),
        ["08001"] = ShutdownInProgress, // the engine could not reach itself, as it does to make a collection
        ["08006"] = ShutdownInProgress,
        ["23505"] = DuplicateKey,
        ["23P01"] = DuplicateKey,
        ["40001"] = WriteConflict,
        ["40P01"] = WriteConflict,
        ["55P03"] = LockTimeout,
        ["42P01"] = NamespaceNotFound,
        ["57014"] = MaxTimeExpired,
        ["0A000"] = CommandNotSupported,
        ["25P02"] = NoSuchTransaction,
        ["53100"] = OutOfDiskSpace,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<int, MongoError> ByCode =
        BySqlState.Values.Distinct().ToFrozenDictionary(error => error.Code);

    public static MongoError FromSqlState(string sqlState) => BySqlState.GetValueOrDefault(sqlState, InternalError);

    /// <summary>
    /// A code inside a reply of the engine: MongoDB's already, or an SQLSTATE packed as PostgreSQL packs it (five characters of six bits, the first in the lowest).
    /// </summary>
    public static MongoError FromReply(int code)
    {
        if (code < 1 << 18) return ByCode.TryGetValue(code, out var known) ? known : new MongoError(code, $"Location{code}");
        Span<char> state = stackalloc char[5];
        for (var i = 0; i < state.Length; i++, code >>= 6) state[i] = (char)((code & 63) + '0');
        return FromSqlState(state.ToString());
    }
}

/// <summary>A command that is answered with an error.</summary>
internal sealed class CommandFailure : Exception
{
    public CommandFailure(MongoError error, string message, params IReadOnlyList<string> labels)
        : base(message)
    {
        Error = error;
        Labels = labels;
    }

    public MongoError Error { get; }

    public IReadOnlyList<string> Labels { get; }
}

/// <summary>What tells a driver that it may try again, and how much of it.</summary>
internal static class ErrorLabel
{
    public const string TransientTransaction = "TransientTransactionError";
    public const string RetryableWrite = "RetryableWriteError";
}
