using System.Text;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>The argument of XCLIENT and XFORWARD, two commands of Postfix: <c>1*( SP name "=" xtext )</c>.</summary>
public static class ClientAttributes
{
    private const int MaxValue = 255;

    /// <summary>False on a syntax error, on a name that is not in <paramref name="known"/> and on one that comes twice.</summary>
    /// <param name="known">Upper case.</param>
    /// <param name="attributes">By name in upper case; decoded. Null for <c>[UNAVAILABLE]</c> and <c>[TEMPUNAVAIL]</c>.</param>
    public static bool TryParse(ReadOnlySpan<byte> argument, IReadOnlyList<string> known, out IReadOnlyDictionary<string, string?> attributes)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        attributes = found;
        if (!Ascii.IsValid(argument)) return false;
        foreach (var word in Encoding.ASCII.GetString(argument).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1) return false;
            var name = word[..equals].ToUpperInvariant();
            if (!known.Contains(name) || !TryReadValue(word[(equals + 1)..], out var value) || !found.TryAdd(name, value)) return false;
        }
        return found.Count > 0;
    }

    private static bool TryReadValue(string text, out string? value)
    {
        value = null;
        if (text.Equals("[UNAVAILABLE]", StringComparison.OrdinalIgnoreCase) || text.Equals("[TEMPUNAVAIL]", StringComparison.OrdinalIgnoreCase)) return true;
        if (text.Length is 0 or > MaxValue || !Xtext.IsValid(text)) return false;
        value = Xtext.Decode(text);
        // The values go into header fields and logs.
        return !value.AsSpan().ContainsAnyExceptInRange('!', '~');
    }
}
