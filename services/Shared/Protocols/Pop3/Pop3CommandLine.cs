using System.Buffers;
using System.Text;

namespace Merpati.Protocols.Pop3;

/// <summary>
/// A command as sent: a keyword of letters and, after one space, an argument whose parts belong to the command (RFC 1939 §3).
/// </summary>
/// <param name="Verb">In capitals.</param>
/// <param name="Argument">All after the first space, in UTF-8 (RFC 6856 §2); null when there is nothing.</param>
internal readonly record struct Pop3CommandLine(string Verb, string? Argument)
{
    private const int MaxVerbLength = 12;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<byte> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"u8);

    /// <summary>False for what cannot be any command: no keyword, control characters (NUL among them), or octets that are not UTF-8.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> line, out Pop3CommandLine command)
    {
        command = default;
        var space = line.IndexOf((byte)' ');
        var verb = space < 0 ? line : line[..space];
        if (verb.Length is 0 or > MaxVerbLength || verb.ContainsAnyExcept(Letters)) return false;
        string? argument = null;
        if (space >= 0)
        {
            var rest = line[(space + 1)..];
            if (rest.ContainsAnyInRange((byte)0, (byte)0x1F) || rest.Contains((byte)0x7F)) return false;
            try { argument = StrictUtf8.GetString(rest); }
            catch (DecoderFallbackException) { return false; }
        }
        command = new Pop3CommandLine(Encoding.ASCII.GetString(verb).ToUpperInvariant(), string.IsNullOrEmpty(argument) ? null : argument);
        return true;
    }

    /// <summary>The argument split at spaces; many clients leave one at the end of the line.</summary>
    internal string[] Words() => Argument?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
