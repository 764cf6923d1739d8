namespace Merpati.Local.MongoGateway.Wire;

/// <summary>Numbers of MongoDB's wire protocol.</summary>
internal static class WireProtocol
{
    public const int HeaderLength = 16;
    public const int MaxMessageLength = 48_000_000;
    public const int MaxDocumentLength = 16 * 1024 * 1024;

    /// <summary>What the engine takes in one command (documentdb.maxWriteBatchSize).</summary>
    public const int MaxWriteBatch = 25_000;

    /// <summary>7.0: the newest whose commands the engine has all of (8.0 brings bulkWrite over several collections).</summary>
    public const int Version = 21;

    public const int Reply = 1;
    public const int Query = 2004;
    public const int Message = 2013;

    public const uint ChecksumPresent = 1;
    public const uint MoreToCome = 2;

    /// <summary>Bits 0 to 15 must be understood; of the others (exhaustAllowed is one) a server may take no notice.</summary>
    public const uint RequiredFlags = 0xFFFF;
}

/// <summary>Bytes that are no message of this protocol: the connection is closed without an answer.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
