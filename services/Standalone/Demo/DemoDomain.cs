using Merpati.Addresses;

namespace Merpati.Standalone.Demo;

/// <summary>An account of the demo and, when it was made just now, its password: later only its verifier is known.</summary>
public sealed record DemoAccount(EmailAddress Address, string? Password);
