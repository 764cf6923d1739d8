namespace Merpati.OutboundRelay.Sending;

/// <summary>Another worker has the entry: what this one is about to send must not be sent.</summary>
internal sealed class LeaseLostException() : Exception("The lease was lost.");
