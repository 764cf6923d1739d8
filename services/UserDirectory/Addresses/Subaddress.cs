using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary><c>user+tag</c> (RFC 5233).</summary>
internal readonly record struct Subaddress(EmailAddress Base, string Detail)
{
    /// <summary>Splits at the first delimiter. Null when there is none, or nothing before or behind it.</summary>
    public static Subaddress? Split(EmailAddress address, string delimiters)
    {
        var at = address.LocalPart.AsSpan().IndexOfAny(delimiters);
        return at <= 0 || at == address.LocalPart.Length - 1
            ? null
            : new Subaddress(new EmailAddress(address.LocalPart[..at], address.Domain), address.LocalPart[(at + 1)..]);
    }
}
