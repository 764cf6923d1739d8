namespace Merpati.Signing;

/// <summary>The algorithms that sign today (RFC 8301, RFC 8463). Stored: numbers never change.</summary>
public enum DkimAlgorithm
{
    RsaSha256 = 0,
    Ed25519Sha256 = 1,
}

/// <summary>A key that signs for a domain (RFC 6376 §3.1). The private half shows in no text of it.</summary>
/// <param name="Domain">As the directory keys it: lower case, U-labels.</param>
/// <param name="Selector">The name below <c>_domainkey.</c>, lower case.</param>
/// <param name="PrivateKey">PKCS #8, DER.</param>
public sealed record DkimSigningKey(string Domain, string Selector, DkimAlgorithm Algorithm, ReadOnlyMemory<byte> PrivateKey)
{
    public override string ToString() => $"{Selector}._domainkey.{Domain} ({Algorithm})";
}
