namespace Merpati.Protocols.Milter;

/// <summary>The filter does not speak the protocol, went away, or was not heard of in time: nothing that it said counts.</summary>
public sealed class MilterException(string message, Exception? cause = null) : Exception(message, cause);
