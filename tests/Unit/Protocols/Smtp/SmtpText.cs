namespace Merpati.Tests.Unit.Protocols.Smtp;

/// <summary>Random texts in which everything that matters to SMTP is likely.</summary>
internal static class SmtpText
{
    private static readonly byte[] Alphabet = "\r\n\r\n\r\n..ab"u8.ToArray();

    /// <summary>Half of the octets of the seed become CRLF pairs, the others single octets of the alphabet.</summary>
    public static byte[] From(byte[] seed)
        => [.. seed.SelectMany(octet => octet % 3 == 0 ? "\r\n"u8.ToArray() : [Alphabet[octet % Alphabet.Length]])];

    /// <summary>Cut into pieces as long as the cuts say, one after the other.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Cut(byte[] text, byte[] cuts)
    {
        var rest = text.AsMemory();
        for (var i = 0; !rest.IsEmpty; i++)
        {
            var length = cuts.Length == 0 ? rest.Length : Math.Clamp(cuts[i % cuts.Length] % 5, 1, rest.Length);
            yield return rest[..length];
            rest = rest[length..];
        }
    }
}
