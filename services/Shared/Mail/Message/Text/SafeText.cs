using System.Globalization;
using System.Text;
using MimeKit;

namespace Merpati.Mail;

/// <summary>What a person may read of a message that nobody trusts: text alone, with nothing in it that a terminal or a browser would obey.</summary>
/// <param name="Subject">Decoded, as the other fields are; empty where there is none.</param>
/// <param name="Text">The text, of HTML the words in it; links lead nowhere.</param>
/// <param name="Attachments">Name and type of each.</param>
/// <param name="IsCut">There is more of it.</param>
public sealed record SafeText(string From, string To, string Subject, string Text, IReadOnlyList<string> Attachments, bool IsCut)
{
    private const int MaxText = 20_000;
    private const int MaxAttachments = 100;
    private const int MaxDepth = 50;

    /// <param name="octets">The message, or its beginning.</param>
    /// <param name="isWhole">False for a beginning.</param>
    public static SafeText Of(ReadOnlyMemory<byte> octets, bool isWhole)
    {
        using var stream = new MemoryStream(octets.ToArray(), writable: false);
        var parser = new MimeParser(new ParserOptions { MaxMimeDepth = MaxDepth }, stream);
        MimeMessage message;
        try { message = parser.ParseMessage(); }
        catch (FormatException) { return new SafeText("", "", "", "", [], !isWhole); }
        using (message)
        {
            var text = TextOf(message);
            return new SafeText(
                Line(message.From.ToString()),
                Line(message.To.ToString()),
                Line(message.Subject ?? ""),
                text[..Math.Min(text.Length, MaxText)],
                [.. message.Attachments.Take(MaxAttachments).Select(part => Line($"{part.ContentDisposition?.FileName ?? part.ContentType.Name ?? "unnamed"} ({part.ContentType.MimeType})"))],
                !isWhole || text.Length > MaxText);
        }
    }

    private static string TextOf(MimeMessage message)
    {
        if (message.TextBody is { } plain) return Harmless(plain);
        if (message.HtmlBody is not { } html) return "";
        var words = new StringBuilder();
        new HtmlText().Strip(html, words);
        return Harmless(words.ToString());
    }

    /// <summary>The words of a stranger as one line.</summary>
    public static string Line(string text) => Harmless(text).ReplaceLineEndings(" ");

    /// <summary>Without control characters, without those that turn the direction of text, and with links that nothing follows.</summary>
    private static string Harmless(string text)
    {
        var harmless = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t' || !(Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format)) harmless.Append(rune.ToString());
        }
        return harmless.Replace("://", "[:]//").ToString();
    }
}
