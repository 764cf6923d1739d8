using Merpati.Addresses;

namespace Merpati.Standalone.Demo;

/// <summary>An account and, when it was made just now, its password.</summary>
public sealed record DemoAccount(EmailAddress Address, string? Password);
