using System.Globalization;
using System.Text;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>What a server said (RFC 5321 §4.2), whole.</summary>
/// <param name="Code">Three digits.</param>
/// <param name="Enhanced">The enhanced status code that the first line begins with (RFC 2034 §4), <c>5.1.1</c>; null when it has none, or one of another class than the code's.</param>
/// <param name="Lines">At least one: what follows the code and its separator, the enhanced status code included, with whatever characters the server sent.</param>
public sealed record RemoteReply(int Code, string? Enhanced, IReadOnlyList<string> Lines)
{
    /// <summary>2yz.</summary>
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>3yz: go on.</summary>
    public bool IsIntermediate => Code is >= 300 and < 400;

    /// <summary>4yz: not now.</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>5yz: never.</summary>
    public bool IsPermanent => Code >= 500;

    /// <summary>The server closes the connection (RFC 5321 §3.8).</summary>
    public bool ClosesChannel => Code is 221 or 421;

    public bool Equals(RemoteReply? other) => other is not null && Code == other.Code && Enhanced == other.Enhanced && Lines.SequenceEqual(other.Lines);

    public override int GetHashCode() => HashCode.Combine(Code, Enhanced, Lines.Count, Lines[0]);

    /// <summary>For people, logs and reports: one line, <c>550 5.1.1 No such user; see https://…</c>; control and format characters become question marks.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Code.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < Lines.Count; i++)
        {
            // Servers repeat the enhanced code on every line.
            var line = i > 0 && Enhanced is not null && Lines[i].StartsWith(Enhanced, StringComparison.Ordinal) ? Lines[i][Enhanced.Length..] : Lines[i];
            line = line.Trim();
            if (line.Length > 0) text.Append(' ');
            foreach (var c in line) text.Append(IsPrintable(c) ? c : '?');
        }
        return text.ToString();
    }

    private static bool IsPrintable(char c) => char.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);
}
