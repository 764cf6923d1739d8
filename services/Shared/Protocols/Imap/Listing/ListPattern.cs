using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A mailbox name with wildcards: '*' is anything, '%' anything but the delimiter (RFC 3501 §6.3.8).</summary>
internal sealed class ListPattern
{
    private readonly string _pattern;

    private ListPattern(string pattern) => _pattern = pattern;

    /// <summary>Superior names that are no mailboxes show, too (RFC 3501 §6.3.8).</summary>
    public bool EndsInPercent => _pattern is [.., '%'];

    public bool HasPercent => _pattern.Contains('%', StringComparison.Ordinal);

    /// <summary>Null for what no name can match, since it is not of the encoding that names have in this session.</summary>
    public static ListPattern? TryCreate(ReadOnlySpan<byte> encoded, bool utf8)
    {
        if (MailboxArgument.Decode(encoded, utf8) is not { } text) return null;
        if (!NormalizationFormC.TryNormalize(text, out text)) return null;
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
        // INBOX has no case (RFC 3501 §5.1), nor has it at the head of a longer name.
        var caseless = name.IsInbox || name.IsBelow(MailboxName.Inbox) ? MailboxName.Inbox.Value.Length : 0;
        // All places in the pattern that the text so far can lead to, at once: no pattern takes more than pattern times name.
        Span<bool> places = _pattern.Length < 512 ? stackalloc bool[_pattern.Length + 1] : new bool[_pattern.Length + 1];
        places[0] = true;
        SkipWildcards(places);
        for (var i = 0; i < text.Length; i++)
        {
            var alive = false;
            for (var place = _pattern.Length; place >= 0; place--)
            {
                // What stays at a wildcard, or comes from the place before by the same character.
                var stays = places[place] && place < _pattern.Length && (_pattern[place] == '*' || _pattern[place] == '%' && text[i] != MailboxName.Delimiter);
                var comes = place > 0 && places[place - 1] && !IsWildcard(_pattern[place - 1]) && Same(_pattern[place - 1], text[i], i < caseless);
                places[place] = stays || comes;
                alive |= places[place];
            }
            if (!alive) return false;
            SkipWildcards(places);
        }
        return places[_pattern.Length];
    }

    private void SkipWildcards(Span<bool> places)
    {
        for (var place = 0; place < _pattern.Length; place++)
        {
            if (places[place] && IsWildcard(_pattern[place])) places[place + 1] = true;
        }
    }

    private static bool IsWildcard(char c) => c is '*' or '%';

    private static bool Same(char pattern, char text, bool caseless) => pattern == text || caseless && char.ToUpperInvariant(pattern) == text;
}
