namespace Merpati.Addresses;

/// <summary>
/// A mailbox address <c>local-part@domain</c> (RFC 5321 §4.1.2, RFC 6531 §3.3). The local part is unquoted and keeps its case;
/// the domain is lower case, its labels as U-labels when they can be shown so.
/// Equality is that of the directory: both sides compare without case.
/// </summary>
public sealed class EmailAddress : IEquatable<EmailAddress>
{
    public EmailAddress(string localPart, string domain)
    {
        ArgumentException.ThrowIfNullOrEmpty(localPart);
        ArgumentException.ThrowIfNullOrEmpty(domain);
        LocalPart = localPart;
        Domain = DomainName.Normalize(domain);
    }

    /// <summary>The part before the last at sign, without quotes and escapes.</summary>
    public string LocalPart { get; }

    /// <summary>Lower case, without a trailing dot; an address literal keeps its brackets.</summary>
    public string Domain { get; }

    /// <summary>True when the address can only travel with SMTPUTF8 (RFC 6531).</summary>
    public bool NeedsSmtpUtf8 => !System.Text.Ascii.IsValid(LocalPart) || !System.Text.Ascii.IsValid(Domain);

    /// <summary>Parses <c>local@domain</c>, the local part a dot-string or a quoted string. No angle brackets, no source route.</summary>
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out EmailAddress? address)
        => AddressParser.TryParse(text, out address);

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is not an address.</exception>
    public static EmailAddress Parse(string text)
        => TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an e-mail address.");

    /// <summary>The address as it is written on the wire: the local part quoted where it must be.</summary>
    public override string ToString() => $"{AddressParser.QuoteLocalPart(LocalPart)}@{Domain}";

    public bool Equals(EmailAddress? other)
        => other is not null
           && string.Equals(LocalPart, other.LocalPart, StringComparison.OrdinalIgnoreCase)
           && string.Equals(Domain, other.Domain, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as EmailAddress);

    public override int GetHashCode()
        => HashCode.Combine(StringComparer.OrdinalIgnoreCase.GetHashCode(LocalPart), StringComparer.Ordinal.GetHashCode(Domain));
}
