namespace Merpati.Protocols.Imap;

/// <summary>The client is gone or takes nothing: there is nobody left to answer.</summary>
internal sealed class ConnectionLostException(string reason) : IOException(reason);
