namespace Merpati.Protocols.Imap;

/// <summary>The client is gone, or the connection is of no more use: there is nobody left to answer.</summary>
/// <param name="canWrite">The client has only closed its own half, or is cut off by us: what was written before still reaches it.</param>
internal sealed class ConnectionLostException(string reason, bool canWrite) : IOException(reason)
{
    public bool CanWrite { get; } = canWrite;
}
