using System.Buffers;

namespace Merpati.Protocols.Imap;

/// <summary>Character classes of RFC 3501 §9.</summary>
internal static class Syntax
{
    private const string AtomSpecials = "(){ %*\"\\]";

    /// <summary>ATOM-CHAR: printable ASCII but <c>( ) { SP % * " \ ]</c>.</summary>
    public static readonly SearchValues<byte> AtomChars = SearchValues.Create(Octets(c => !AtomSpecials.Contains(c, StringComparison.Ordinal)));

    /// <summary>ASTRING-CHAR: ATOM-CHAR and ']'.</summary>
    public static readonly SearchValues<byte> AStringChars = SearchValues.Create(Octets(c => c == ']' || !AtomSpecials.Contains(c, StringComparison.Ordinal)));

    /// <summary>tag: ASTRING-CHAR but '+'.</summary>
    public static readonly SearchValues<byte> TagChars = SearchValues.Create(Octets(c => c != '+' && (c == ']' || !AtomSpecials.Contains(c, StringComparison.Ordinal))));

    /// <summary>list-char: ATOM-CHAR, '%', '*' and ']'.</summary>
    public static readonly SearchValues<byte> ListChars = SearchValues.Create(Octets(c => c is '%' or '*' or ']' || !AtomSpecials.Contains(c, StringComparison.Ordinal)));

    private static byte[] Octets(Func<char, bool> belongs)
        => Enumerable.Range(0x21, 0x7F - 0x21).Where(c => belongs((char)c)).Select(c => (byte)c).ToArray();
}
