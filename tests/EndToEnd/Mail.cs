using System.Security.Cryptography;
using System.Text;

namespace Merpati.Tests.EndToEnd;

/// <summary>Messages that have to come back byte for byte.</summary>
internal static class Mail
{
    public static byte[] Simple(string from, string to, string subject) => Encoding.ASCII.GetBytes(
        $"From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\nHello.\r\n.leading dot\r\n..two\r\n\r\nlast line\r\n");

    public static byte[] EightBit(string from, string to) => Encoding.UTF8.GetBytes(
        $"From: {from}\r\nTo: {to}\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n\r\nGrüße, 你好, здравствуйте\r\n\xff trailing\r\n");

    /// <summary>A multipart with a binary attachment of the given size in base64.</summary>
    public static byte[] WithAttachment(string from, string to, int size)
    {
        var attachment = RandomNumberGenerator.GetBytes(size);
        var text = new StringBuilder();
        text.Append($"From: {from}\r\nTo: {to}\r\nSubject: attachment of {size}\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\nThis is MIME.\r\n--b1\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n--b1\r\nContent-Type: application/octet-stream; name=data.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=data.bin\r\n\r\n");
        text.Append(Convert.ToBase64String(attachment, Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\r\n"));
        text.Append("\r\n--b1--\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Takes off the headers that delivery put on top; they all stand before the first header of the message itself.</summary>
    public static byte[] AsSent(byte[] fetched, byte[] sent)
    {
        var firstLine = sent.AsSpan(0, sent.AsSpan().IndexOf("\r\n"u8) + 2);
        var at = fetched.AsSpan().IndexOf(firstLine);
        return at < 0 ? fetched : fetched[at..];
    }
}
