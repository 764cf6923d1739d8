using System.Text;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>Random messages in many scripts, and queries that have something to do with them.</summary>
internal sealed class SearchedTexts(Random random)
{
    private static readonly string[] Words =
    [
        "meeting", "Invoice", "naïve", "Grüße", "STRASSE", "ﬁnal", "Ångström", "co\u0301pia", "Привет", "Москва", "встреча", "Ελλάδα", "σοφός", "ΣΟΦΌΣ", "会议", "会議室", "発表", "資料を送ります", "한국어", "회의",
        "مرحبا", "اجتماع", "שלום", "नमस्ते", "สวัสดี", "🎉", "👩‍💻", "ｆｕｌｌ", "İstanbul", "ǅ", "a", "xy", "--", "50%", "<b>", "&amp;", "\u0000", "\uFFFF", "\uFFFD", "ß",
    ];

    private readonly List<string> _texts = ["nothing"];

    /// <summary>A message, 8-bit or in base64, plain, HTML, or with parts; now and then longer than what an index keeps.</summary>
    public byte[] Message()
    {
        var (subject, body) = (Text(1, 4), Text(0, random.Next(12) == 0 ? 20_000 : 30));
        var header = new StringBuilder("From: ").Append(Encoded(Text(1, 2))).Append(" <ann@example.test>\r\nSubject: ").Append(random.Next(2) == 0 ? Encoded(subject) : Line(subject)).Append("\r\n");
        if (random.Next(2) == 0) header.Append("To: bob@example.org\r\nX-Note: ").Append(Line(Text(1, 3))).Append("\r\n");
        header.Append(random.Next(4) switch
        {
            0 => $"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(Encoding.UTF8.GetBytes(body), Base64FormattingOptions.InsertLineBreaks)}",
            1 => $"Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>{Text(1, 1)}</title></head><p>{body}<b>{Text(1, 1)}</b>{Text(1, 1)}&eacute;</p>",
            2 => $"Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n{body}\r\n--bb\r\nContent-Type: text/html; charset=utf-8\r\nContent-Description: {Encoded(Text(1, 2))}\r\n\r\n<i>{Text(1, 5)}</i>\r\n"
                + $"--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: {Encoded(Text(1, 2))}\r\n\r\n{Text(1, 5)}\r\n--bb--\r\n",
            _ => $"\r\n{body}\r\n",
        });
        return Encoding.UTF8.GetBytes(header.ToString());
    }

    /// <summary>Mostly a part of a text that is somewhere; in another case, or with a character more.</summary>
    public string Query()
    {
        var text = _texts[random.Next(_texts.Count)];
        var start = random.Next(Math.Max(1, text.Length - 1));
        var query = text.Substring(start, Math.Min(text.Length - start, random.Next(1, 9)));
        return random.Next(5) switch
        {
            0 => query.ToUpperInvariant(),
            1 => query.ToLowerInvariant(),
            2 => query + Words[random.Next(Words.Length)],
            _ => query,
        };
    }

    private static string Encoded(string text) => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}?=";

    private static string Line(string text) => text.Replace("\u0000", "", StringComparison.Ordinal);

    private string Text(int least, int most)
    {
        var text = string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => Words[random.Next(Words.Length)]));
        if (text.Length is > 0 and < 1000) _texts.Add(text);
        if (text.Length >= 1000) _texts.Add(text[^random.Next(3, 40)..]);
        return text;
    }
}
