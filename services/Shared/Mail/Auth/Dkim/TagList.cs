using System.Diagnostics.CodeAnalysis;

namespace Merpati.Mail.Auth;

/// <summary>A list of <c>name=value;</c> (RFC 6376 §3.2): names and values keep their case, no name stands twice, white space around both is nothing.</summary>
internal sealed class TagList
{
    // A list that is longer than any header field should be.
    private const int MaxTags = 200;

    private readonly List<KeyValuePair<string, string>> _tags = [];

    private TagList() { }

    public string? this[string name]
    {
        get
        {
            foreach (var tag in _tags)
            {
                if (tag.Key == name) return tag.Value;
            }
            return null;
        }
    }

    /// <summary>The name of the first tag; null of an empty list.</summary>
    public string? First => _tags.Count > 0 ? _tags[0].Key : null;

    public bool Has(string name) => this[name] is not null;

    public static bool TryParse(string text, [NotNullWhen(true)] out TagList? list)
    {
        list = null;
        var tags = new TagList();
        var parts = text.Split(';');
        for (var i = 0; i < parts.Length; i++)
        {
            var part = Trim(parts[i]);
            // One semicolon may end the list.
            if (part.IsEmpty && i == parts.Length - 1 && i > 0) break;
            var equals = part.IndexOf('=');
            if (equals < 0 || i >= MaxTags) return false;
            var name = part[..equals].TrimEnd(" \t\r\n").ToString();
            var value = Trim(part[(equals + 1)..]).ToString();
            if (!IsName(name) || !IsValue(value) || tags.Has(name)) return false;
            tags._tags.Add(new(name, value));
        }
        list = tags;
        return true;
    }

    /// <summary>The octets of a value in base64 with white space; null when it is none, or nothing.</summary>
    public byte[]? Octets(string name)
    {
        if (this[name] is not { Length: > 0 } text) return null;
        var octets = new byte[text.Length];
        return Convert.TryFromBase64String(text, octets, out var length) && length > 0 ? octets[..length] : null;
    }

    /// <summary>The words of a value with colons between them, white space around each taken away.</summary>
    public static IReadOnlyList<string> Words(string value) => [.. value.Split(':').Select(word => word.Trim(' ', '\t', '\r', '\n'))];

    private static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text) => text.Trim(" \t\r\n");

    private static bool IsName(string name) => name.Length > 0 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>Printable, with folding; UTF-8 too (RFC 8616).</summary>
    private static bool IsValue(string value) => value.All(c => c is >= ' ' and not '\x7f' or '\t' or '\r' or '\n');
}
