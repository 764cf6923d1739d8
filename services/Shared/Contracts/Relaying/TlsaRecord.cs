namespace Merpati.Relaying;

/// <summary>A TLSA record (RFC 6698 §2.1), the numbers as they stand in DNS.</summary>
/// <param name="Usage">2 is DANE-TA, 3 is DANE-EE; 0 and 1 do not count for SMTP (RFC 7672 §3.1.3).</param>
/// <param name="Selector">0 is the whole certificate, 1 its SubjectPublicKeyInfo.</param>
/// <param name="MatchingType">0 is the data itself, 1 its SHA-256, 2 its SHA-512.</param>
/// <param name="Data">What has to match.</param>
public sealed record TlsaRecord(byte Usage, byte Selector, byte MatchingType, ReadOnlyMemory<byte> Data)
{
    public bool Equals(TlsaRecord? other)
        => other is not null && Usage == other.Usage && Selector == other.Selector && MatchingType == other.MatchingType && Data.Span.SequenceEqual(other.Data.Span);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Usage);
        hash.Add(Selector);
        hash.Add(MatchingType);
        hash.AddBytes(Data.Span);
        return hash.ToHashCode();
    }

    /// <summary>As in a zone file: <c>3 1 1 0a1b…</c>, which is also the form of RFC 8460 §4.2.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Usage} {Selector} {MatchingType} {Convert.ToHexStringLower(Data.Span)}");
}
