using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Merpati.Mail.Auth;

/// <summary>Text with macros (RFC 7208 §7).</summary>
internal sealed class MacroString
{
    private const string Letters = "slodiphcrtv";
    private const string OnlyInExplanations = "crt";
    private const string Delimiters = ".-+,/_=";

    private readonly IReadOnlyList<Part> _parts;

    private MacroString(IReadOnlyList<Part> parts) => _parts = parts;

    /// <param name="explanation">The text of an explanation: <c>c</c>, <c>r</c>, <c>t</c> and spaces are allowed.</param>
    public static bool TryParse(string text, bool explanation, [NotNullWhen(true)] out MacroString? macros)
    {
        macros = null;
        var parts = new List<Part>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ((>= '!' and <= '~') or ' ') || text[i] == ' ' && !explanation) return false;
            if (text[i] != '%')
            {
                literal.Append(text[i]);
                continue;
            }
            if (++i >= text.Length) return false;
            switch (text[i])
            {
                case '%': literal.Append('%'); break;
                case '_': literal.Append(' '); break;
                case '-': literal.Append("%20"); break;
                case '{':
                    var end = text.IndexOf('}', i);
                    if (end < 0 || !TryParseMacro(text.AsSpan(i + 1, end - i - 1), explanation, out var macro)) return false;
                    if (literal.Length > 0) parts.Add(new Part(literal.ToString(), null));
                    literal.Clear();
                    parts.Add(new Part("", macro));
                    i = end;
                    break;
                default:
                    return false;
            }
        }
        if (literal.Length > 0) parts.Add(new Part(literal.ToString(), null));
        macros = new MacroString(parts);
        return true;
    }

    /// <summary>A domain-spec: it ends in a top label or in a macro (RFC 7208 §7.1).</summary>
    public static bool TryParseDomain(string text, [NotNullWhen(true)] out MacroString? macros)
        => TryParse(text, explanation: false, out macros) && macros._parts.Count > 0 && (macros._parts[^1].Macro is not null || EndsInTopLabel(macros._parts[^1].Literal) || text.EndsWith("%%", StringComparison.Ordinal) || text.EndsWith("%_", StringComparison.Ordinal) || text.EndsWith("%-", StringComparison.Ordinal));

    /// <param name="value">The value of a macro letter, in lower case.</param>
    public async ValueTask<string> ExpandAsync(Func<char, ValueTask<string>> value)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            if (part.Macro is { } macro) text.Append(macro.Transform(await value(char.ToLowerInvariant(macro.Letter))));
            else text.Append(part.Literal);
        }
        return text.ToString();
    }

    private static bool TryParseMacro(ReadOnlySpan<char> text, bool explanation, out Macro macro)
    {
        macro = default;
        if (text.IsEmpty) return false;
        var letter = char.ToLowerInvariant(text[0]);
        if (!Letters.Contains(letter, StringComparison.Ordinal) || !explanation && OnlyInExplanations.Contains(letter, StringComparison.Ordinal)) return false;
        var at = 1;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        var digits = text[1..at];
        int? keep = null;
        if (!digits.IsEmpty)
        {
            keep = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
            if (keep == 0) return false;
        }
        var reverse = at < text.Length && text[at] is 'r' or 'R';
        if (reverse) at++;
        var delimiters = text[at..].ToString();
        if (delimiters.Any(c => !Delimiters.Contains(c, StringComparison.Ordinal))) return false;
        macro = new Macro(text[0], keep, reverse, delimiters.Length == 0 ? "." : delimiters);
        return true;
    }

    private static bool EndsInTopLabel(string literal)
    {
        if (literal.EndsWith('.')) literal = literal[..^1];
        var dot = literal.LastIndexOf('.');
        var label = literal[(dot + 1)..];
        return dot >= 0 && label.Length > 0 && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && !label.All(char.IsAsciiDigit) && label[0] != '-' && label[^1] != '-';
    }

    private readonly record struct Part(string Literal, Macro? Macro);

    private readonly record struct Macro(char Letter, int? Keep, bool Reverse, string Delimiters)
    {
        public string Transform(string value)
        {
            if (Keep is not null || Reverse || Delimiters != ".")
            {
                var parts = value.Split(Delimiters.ToCharArray());
                if (Reverse) Array.Reverse(parts);
                if (Keep is { } keep && keep < parts.Length) parts = parts[^keep..];
                value = string.Join('.', parts);
            }
            // An upper-case letter escapes what no URL may hold (§7.3).
            return char.IsAsciiLetterUpper(Letter) ? Uri.EscapeDataString(value) : value;
        }
    }
}
