using System.Buffers.Binary;
using System.Text;

namespace Merpati.Mail;

/// <summary>
/// The form in which texts are compared without regard to case: i;unicode-casemap (RFC 5051), each character in its other case and decomposed. So "É" is "é",
/// whether composed or not, and a full-width or ligated letter is the plain one. .NET's own normalization is not at hand (ADR 7): the table is
/// CaseMap.bin, written by casemap.py from Unicode 14. Both sides of a comparison go through it; the form is shown to nobody.
/// Change it, and <see cref="Version"/> with it: texts in the search index are in this form.
/// </summary>
public static class CaseMap
{
    public const int Version = 1;

    private const int HangulFirst = 0xAC00;
    private const int HangulCount = 11172;
    private const int VowelsAndTails = 588;
    private const int Tails = 28;

    private static readonly Table Mapped = Table.Read();

    public static string Fold(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Ascii.IsValid(text)) return text.ToUpperInvariant();
        var folded = new StringBuilder(text.Length + 16);
        Fold(text, folded);
        return folded.ToString();
    }

    /// <summary>Appends the folded text. Pieces of a text may be folded one by one where none ends within a surrogate pair.</summary>
    public static void Fold(ReadOnlySpan<char> text, StringBuilder to)
    {
        ArgumentNullException.ThrowIfNull(to);
        Span<char> upper = stackalloc char[256];
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExceptInRange('\0', '\x7f');
            if (plain < 0) plain = text.Length;
            for (var rest = text[..plain]; !rest.IsEmpty;)
            {
                var part = rest[..Math.Min(rest.Length, upper.Length)];
                part.ToUpperInvariant(upper);
                to.Append(upper[..part.Length]);
                rest = rest[part.Length..];
            }
            text = text[plain..];
            while (!text.IsEmpty && text[0] > '\x7f')
            {
                var pair = char.IsHighSurrogate(text[0]) && text.Length > 1 && char.IsLowSurrogate(text[1]);
                Append(pair ? char.ConvertToUtf32(text[0], text[1]) : text[0], text[..(pair ? 2 : 1)], to);
                text = text[(pair ? 2 : 1)..];
            }
        }
    }

    private static void Append(int point, ReadOnlySpan<char> units, StringBuilder to)
    {
        var hangul = point - HangulFirst;
        if (hangul is >= 0 and < HangulCount)
        {
            // Unicode §3.12: a syllable is its lead, its vowel and perhaps its tail.
            to.Append((char)(0x1100 + hangul / VowelsAndTails)).Append((char)(0x1161 + hangul % VowelsAndTails / Tails));
            if (hangul % Tails is > 0 and var tail) to.Append((char)(0x11A7 + tail));
            return;
        }
        to.Append(Mapped.TryFind(point, out var mapped) ? mapped : units);
    }

    private sealed class Table
    {
        private readonly ushort[] _basic = new ushort[0x10000];
        private readonly Dictionary<int, ushort> _others = [];
        private readonly List<(int Start, byte Length)> _entries = [default];
        private char[] _units = [];

        public static Table Read()
        {
            using var resource = typeof(CaseMap).Assembly.GetManifestResourceStream("Merpati.Mail.CaseMap.bin") ?? throw new InvalidOperationException("CaseMap.bin is not in the assembly.");
            var octets = new byte[resource.Length];
            resource.ReadExactly(octets);
            var table = new Table();
            var units = new List<char>(octets.Length / 3);
            for (var at = 0; at < octets.Length;)
            {
                var point = BinaryPrimitives.ReadInt32LittleEndian(octets.AsSpan(at));
                var length = octets[at + 4];
                at += 5;
                var entry = (ushort)table._entries.Count;
                table._entries.Add((units.Count, length));
                for (var i = 0; i < length; i++, at += 2) units.Add((char)BinaryPrimitives.ReadUInt16LittleEndian(octets.AsSpan(at)));
                if (point < 0x10000) table._basic[point] = entry;
                else table._others.Add(point, entry);
            }
            table._units = [.. units];
            return table;
        }

        public bool TryFind(int point, out ReadOnlySpan<char> mapped)
        {
            var entry = point < 0x10000 ? _basic[point] : _others.GetValueOrDefault(point);
            mapped = _units.AsSpan(_entries[entry].Start, _entries[entry].Length);
            return entry != 0;
        }
    }
}
