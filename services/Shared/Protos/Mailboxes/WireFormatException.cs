namespace Merpati.Mailboxes.V1;

/// <summary>A peer sent a message that can be no value of the contract: the peer's fault, where a damaged <see cref="MessageStructureCodec">structure</see> is the store's.</summary>
public sealed class WireFormatException(string message, Exception? cause = null) : IOException(message, cause);
