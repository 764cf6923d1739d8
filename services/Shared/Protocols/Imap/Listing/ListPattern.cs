using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A mailbox name with wildcards: '*' is anything, '%' anything but the delimiter (RFC 3501 §6.3.8).</summary>
internal sealed class ListPattern
{
    private const int Bits = 64;

    private readonly string _pattern;

    // A bit for each place in the pattern: where the wildcards stand, and where each character does.
    private readonly ulong[] _stars;
    private readonly ulong[] _percents;
    private readonly Dictionary<char, ulong[]> _places = [];
    // Of the letters of INBOX, in capitals.
    private readonly Dictionary<char, ulong[]> _caseless = [];
    private readonly int _letters;

    private ListPattern(string pattern)
    {
        _pattern = pattern;
        _stars = new ulong[Words];
        _percents = new ulong[Words];
        for (var place = 0; place < pattern.Length; place++)
        {
            switch (pattern[place])
            {
                case '*':
                    Set(_stars, place);
                    break;
                case '%':
                    Set(_percents, place);
                    break;
                default:
                    _letters++;
                    Set(At(_places, pattern[place]), place);
                    var capital = char.ToUpperInvariant(pattern[place]);
                    if (MailboxName.Inbox.Value.Contains(capital, StringComparison.Ordinal)) Set(At(_caseless, capital), place);
                    break;
            }
        }
    }

    /// <summary>Superior names that are no mailboxes show, too (RFC 3501 §6.3.8).</summary>
    public bool EndsInPercent => _pattern is [.., '%'];

    public bool HasPercent => _pattern.Contains('%', StringComparison.Ordinal);

    // The place after the last counts, too: there a name has matched.
    private int Words => _pattern.Length / Bits + 1;

    /// <summary>Null for what no name can match, since it is too long or not of the encoding that names have in this session.</summary>
    public static ListPattern? TryCreate(ReadOnlySpan<byte> encoded, bool utf8)
    {
        if (MailboxArgument.Decode(encoded, utf8) is not { } text) return null;
        if (!NormalizationFormC.TryNormalize(text, out text)) return null;
        if (text.Count(static c => !IsWildcard(c)) > MailboxName.MaxLength) return null;
        // Neighbouring wildcards say no more than the widest of them, and would cost time.
        var pattern = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (IsWildcard(c) && pattern.Length > 0 && IsWildcard(pattern[^1]))
            {
                if (c == '*') pattern[^1] = '*';
            }
            else pattern.Append(c);
        }
        return new ListPattern(pattern.ToString());
    }

    /// <summary>False where no name below <paramref name="root"/> can match, nor the root itself.</summary>
    public bool MayMatchWithin(string root)
    {
        var wildcard = _pattern.AsSpan().IndexOfAny('*', '%');
        var literal = wildcard < 0 ? _pattern : _pattern[..wildcard];
        return literal.StartsWith(root, StringComparison.Ordinal) || wildcard >= 0 && root.StartsWith(literal, StringComparison.Ordinal);
    }

    public bool Matches(MailboxName name)
    {
        var text = name.Value;
        if (_letters > text.Length) return false;
        // INBOX has no case (RFC 3501 §5.1), nor has it at the head of a longer name.
        var caseless = name.IsInbox || name.IsBelow(MailboxName.Inbox) ? MailboxName.Inbox.Value.Length : 0;
        // All places in the pattern that the text so far can lead to, 64 at once: many wildcards cost no more than a long pattern.
        Span<ulong> places = stackalloc ulong[Words];
        places[0] = 1;
        PassWildcards(places);
        for (var i = 0; i < text.Length; i++)
        {
            if (!Advance(places, (i < caseless ? _caseless : _places).GetValueOrDefault(text[i]), text[i] != MailboxName.Delimiter)) return false;
            PassWildcards(places);
        }
        return (places[_pattern.Length / Bits] >> _pattern.Length % Bits & 1) != 0;
    }

    /// <summary>One character on: from where it stands to the next place, and in a wildcard to where one was.</summary>
    /// <returns>False when no place is left.</returns>
    private bool Advance(Span<ulong> places, ulong[]? matching, bool percentTakes)
    {
        var (carry, alive) = (0UL, 0UL);
        for (var word = 0; word < places.Length; word++)
        {
            var stays = places[word] & (percentTakes ? _stars[word] | _percents[word] : _stars[word]);
            var moves = matching is null ? 0 : places[word] & matching[word];
            places[word] = stays | moves << 1 | carry;
            carry = moves >> Bits - 1;
            alive |= places[word];
        }
        return alive != 0;
    }

    /// <summary>A wildcard matches nothing as well. No two stand side by side.</summary>
    private void PassWildcards(Span<ulong> places)
    {
        var carry = 0UL;
        for (var word = 0; word < places.Length; word++)
        {
            var waits = places[word] & (_stars[word] | _percents[word]);
            places[word] |= waits << 1 | carry;
            carry = waits >> Bits - 1;
        }
    }

    private ulong[] At(Dictionary<char, ulong[]> places, char c)
    {
        if (!places.TryGetValue(c, out var bits)) places.Add(c, bits = new ulong[Words]);
        return bits;
    }

    private static void Set(ulong[] bits, int place) => bits[place / Bits] |= 1UL << place % Bits;

    private static bool IsWildcard(char c) => c is '*' or '%';
}
