using Merpati.Addresses;

namespace Merpati.Storage;

/// <summary>An address as it is looked up: equal keys are equal addresses (<see cref="EmailAddress.Equals(EmailAddress)"/>). Order of address is order of domain, then of local part.</summary>
public readonly record struct AddressKey(string Domain, string Local)
{
    // OrdinalIgnoreCase, by which addresses compare, is comparison in upper case.
    public static AddressKey Of(EmailAddress address) => new(address.Domain, address.LocalPart.ToUpperInvariant());
}
