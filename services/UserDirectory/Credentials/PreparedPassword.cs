using System.Text;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// A password as it is hashed and compared. SCRAM clients prepare it with SASLprep (RFC 4013) before they derive keys from it, so the keys here must come from the same text,
/// and a PLAIN client that sends it unprepared must still be let in.
/// </summary>
internal static class PreparedPassword
{
    /// <summary>Longer ones are nobody's, octets of UTF-8.</summary>
    public const int MaxOctets = 1024;

    /// <summary>
    /// RFC 4013 §2.1 and §2.2: other spaces become the space, what is "commonly mapped to nothing" goes, and the rest is brought to NFKC.
    /// Where the runtime has no Unicode data (invariant globalization) the last step leaves the text alone: composed letters, as keyboards give them, are NFKC already.
    /// </summary>
    public static string From(string password)
    {
        if (Ascii.IsValid(password)) return password;
        var mapped = new StringBuilder(password.Length);
        foreach (var c in password)
        {
            if (IsMappedToNothing(c)) continue;
            mapped.Append(char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.SpaceSeparator || c == '\u200B' ? ' ' : c);
        }
        var text = mapped.ToString();
        try { return text.Normalize(NormalizationForm.FormKC); }
        catch (ArgumentException) { return text; } // lone surrogates: no client can send them, and nothing matches them
    }

    /// <summary>True for what a login can carry: no control characters (NUL ends a PLAIN field, a line end ends the line), no lone surrogates, not too long.</summary>
    public static bool IsUsable(string password)
        => !password.Any(char.IsControl)
            && !password.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar)
            && Encoding.UTF8.GetByteCount(password) is > 0 and <= MaxOctets;

    // RFC 3454 table B.1, without U+200B, which table C.1.2 makes a space.
    private static bool IsMappedToNothing(char c)
        => c is '\u00AD' or '\u034F' or '\u1806' or (>= '\u180B' and <= '\u180D') or '\u200C' or '\u200D' or '\u2060' or (>= '\uFE00' and <= '\uFE0F') or '\uFEFF';
}
