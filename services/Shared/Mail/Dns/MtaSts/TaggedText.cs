namespace Merpati.Mail.Dns;

/// <summary>TXT records of the form <c>v=Xv1; name=value; …</c> of RFC 8461 §3.1 and RFC 8460 §3.</summary>
internal static class TaggedText
{
    private const int MaxName = 32;

    /// <summary>The fields behind the version; null unless exactly one text has this version, and is well formed.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>>? Single(IEnumerable<string> texts, string version)
    {
        string? only = null;
        foreach (var text in texts)
        {
            if (!IsVersion(text, version)) continue;
            if (only is not null) return null;
            only = text;
        }
        return only is null ? null : Fields(only[version.Length..]);
    }

    private static bool IsVersion(string text, string version)
        => text.StartsWith(version, StringComparison.Ordinal) && text.AsSpan(version.Length).TrimStart(" \t") is [';', ..];

    private static List<KeyValuePair<string, string>>? Fields(string text)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var parts = text.Split(';');
        for (var i = 1; i < parts.Length; i++)
        {
            var part = parts[i].Trim(' ', '\t');
            if (part.Length == 0 && i == parts.Length - 1) break;
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !IsName(part.AsSpan(0, equals)) || !IsValue(part.AsSpan(equals + 1))) return null;
            fields.Add(new(part[..equals], part[(equals + 1)..]));
        }
        return fields;
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length > MaxName || !char.IsAsciiLetterOrDigit(name[0])) return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')) return false;
        }
        return true;
    }

    /// <summary>Printable, without spaces. RFC 8461 forbids an equals sign as well, but addresses of reports (RFC 8460) may have one.</summary>
    private static bool IsValue(ReadOnlySpan<char> value) => value.Length > 0 && value.IndexOfAnyExceptInRange('\x21', '\x7e') < 0;
}
