namespace Merpati.Platform.Hosting;

/// <summary>The configuration cannot be used; the message names the key and says what to write.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
