using System.Globalization;
using System.Text;

namespace Merpati.Mailboxes;

/// <summary>
/// Normalization form C (Unicode Standard Annex #15). .NET has it from ICU alone, and we run without ICU (docs/adr/0007): there
/// <see cref="string.Normalize()"/> gives back what it got.
/// </summary>
public static class NormalizationFormC
{
    // Hangul syllables are composed by rule (The Unicode Standard, 3.12).
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    /// <summary>Below it nothing combines, and every character is its own form C.</summary>
    private const char FirstCombining = '\u0300';

    private static readonly Lazy<Tables> Data = new(Tables.Read);

    /// <summary>False for text that is no Unicode: a lone surrogate.</summary>
    public static bool TryNormalize(string text, out string normal)
    {
        normal = text;
        if (!text.AsSpan().ContainsAnyInRange(FirstCombining, char.MaxValue)) return true;
        var scalars = new List<int>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune)) return false;
            if (rune.Utf16SequenceLength == 2) i++;
            Decompose(rune.Value, scalars);
        }
        Reorder(scalars);
        normal = Compose(scalars);
        return true;
    }

    private static void Decompose(int scalar, List<int> into)
    {
        var syllable = scalar - SBase;
        if (syllable is >= 0 and < SCount)
        {
            into.Add(LBase + syllable / (VCount * TCount));
            into.Add(VBase + syllable % (VCount * TCount) / TCount);
            if (syllable % TCount is var trailing and > 0) into.Add(TBase + trailing);
        }
        else if (Data.Value.Decompositions.TryGetValue(scalar, out var parts)) into.AddRange(parts);
        else into.Add(scalar);
    }

    /// <summary>Marks that follow one character go by their class; those of one class keep their order.</summary>
    private static void Reorder(List<int> scalars)
    {
        for (var start = 0; start < scalars.Count; start++)
        {
            if (ClassOf(scalars[start]) == 0) continue;
            var end = start + 1;
            while (end < scalars.Count && ClassOf(scalars[end]) != 0) end++;
            var marks = scalars[start..end].OrderBy(ClassOf).ToList(); // stable
            for (var i = 0; i < marks.Count; i++) scalars[start + i] = marks[i];
            start = end;
        }
    }

    private static string Compose(List<int> scalars)
    {
        var composed = new List<int>(scalars.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var scalar in scalars)
        {
            var own = ClassOf(scalar);
            // Blocked is what has a mark of the same class or a higher one, or another character, between it and the starter.
            var adjacent = starter >= 0 && composed.Count - 1 == starter;
            if (starter >= 0 && (adjacent || lastClass != 0 && lastClass < own) && Pair(composed[starter], scalar) is { } one)
            {
                composed[starter] = one;
                continue;
            }
            if (own == 0) starter = composed.Count;
            lastClass = own;
            composed.Add(scalar);
        }
        var text = new StringBuilder(composed.Count);
        foreach (var scalar in composed) text.Append(new Rune(scalar).ToString());
        return text.ToString();
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= LBase and < LBase + LCount && second is >= VBase and < VBase + VCount) return SBase + ((first - LBase) * VCount + second - VBase) * TCount;
        if (first is >= SBase and < SBase + SCount && (first - SBase) % TCount == 0 && second is > TBase and < TBase + TCount) return first + second - TBase;
        return Data.Value.Pairs.TryGetValue((first, second), out var one) ? one : null;
    }

    private static int ClassOf(int scalar) => scalar < FirstCombining ? 0 : Data.Value.Classes.GetValueOrDefault(scalar);

    private sealed record Tables(Dictionary<int, int> Classes, Dictionary<int, int[]> Decompositions, Dictionary<(int, int), int> Pairs)
    {
        /// <summary>nfc.txt: its first line says what its lines are.</summary>
        public static Tables Read()
        {
            var tables = new Tables([], [], []);
            using var reader = new StreamReader(typeof(NormalizationFormC).Assembly.GetManifestResourceStream("Merpati.Mailboxes.nfc.txt") ?? throw new InvalidOperationException("nfc.txt is missing."));
            while (reader.ReadLine() is { } line)
            {
                if (line[0] == '#') continue;
                var numbers = line[2..].Split(' ').Select(number => int.Parse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
                switch (line[0])
                {
                    case 'C':
                        for (var scalar = numbers[0]; scalar <= numbers[1]; scalar++) tables.Classes.Add(scalar, numbers[2]);
                        break;
                    case 'D':
                        tables.Decompositions.Add(numbers[0], numbers[1..]);
                        break;
                    default:
                        tables.Pairs.Add((numbers[0], numbers[1]), numbers[2]);
                        break;
                }
            }
            return tables;
        }
    }
}
