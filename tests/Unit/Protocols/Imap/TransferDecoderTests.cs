using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Imap;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

/// <summary>Content-Transfer-Encodings undone for BINARY (RFC 3516), whatever the pieces are in which the octets come.</summary>
public sealed class TransferDecoderTests
{
    [Theory]
    [InlineData("base64", "aGVsbG8=", "hello")]
    [InlineData("base64", "aGVs\r\nbG8=\r\n", "hello")]
    [InlineData("base64", "aGVsbG8", "hello")]
    [InlineData("base64", "aGk=aGk=", "hihi")]
    [InlineData("base64", "!a-G k=", "hi")]
    [InlineData("base64", "", "")]
    [InlineData("quoted-printable", "a=3Db=C3=A9 \t\r\nc =\r\nd=\t \r\ne", "a=b\u00e9\r\nc de")]
    [InlineData("quoted-printable", "100=% =4 =zz =", "100=% =4 =zz ")]
    [InlineData("quoted-printable", "=e9=\n!", "\ufffd!")]
    public void Decodes(string encoding, string encoded, string decoded)
    {
        var octets = Encoding.ASCII.GetBytes(encoded);
        for (var size = 1; size <= octets.Length + 1; size++)
        {
            var decoder = TransferDecoder.For(encoding)!;
            var result = new List<byte>();
            for (var at = 0; at <= octets.Length; at += size)
            {
                var piece = octets.AsSpan(at, Math.Min(size, octets.Length - at));
                var room = new byte[piece.Length + TransferDecoder.MostHeld];
                result.AddRange(room[..decoder.Decode(piece, room, last: at + size > octets.Length)]);
            }
            Encoding.UTF8.GetString([.. result]).Should().Be(decoded, $"in pieces of {size}");
        }
    }

    /// <summary>RFC 9051 §7.5.2 BINARY.</summary>
    [Theory]
    [InlineData("a\nb\r\nc\n\nd\r\r\n\re", "a\r\nb\r\nc\r\n\r\nd\r\r\n\re")]
    [InlineData("\n", "\r\n")]
    [InlineData("", "")]
    public async Task Lines_end_in_CRLF(string text, string expected)
    {
        for (var size = 1; size <= text.Length * 2 + 1; size++)
        {
            await using var stream = new LineEndStream(new MemoryStream(Encoding.ASCII.GetBytes(text)));
            var lines = new List<byte>();
            var buffer = new byte[size];
            while (await stream.ReadAsync(buffer) is var read and > 0) lines.AddRange(buffer.AsSpan(0, read));
            Encoding.ASCII.GetString([.. lines]).Should().Be(expected, $"in buffers of {size}");
        }
    }

    [Fact]
    public void Blanks_without_end_are_not_held_without_end()
    {
        var decoder = TransferDecoder.For("quoted-printable")!;
        var octets = Enumerable.Repeat((byte)' ', 10_000).Append((byte)'x').ToArray();
        var room = new byte[octets.Length + TransferDecoder.MostHeld];
        decoder.Decode(octets, room, last: true).Should().Be(octets.Length);
    }

    [Theory]
    [InlineData("/INBOX/;UID=20", true)]
    [InlineData("/Ent%26w%C3%BCrfe;uidvalidity=5/;uid=20/;section=1.2.MIME/;partial=0.10", true)]
    [InlineData("/;UID=20/;PARTIAL=5", true)]
    [InlineData("/INBOX", false)]
    [InlineData("/INBOX/;UID=0", false)]
    [InlineData("/INBOX/;UID=1:2", false)]
    [InlineData("/INBOX;UIDVALIDITY=x/;UID=1", false)]
    [InlineData("/INBOX/;UID=1/;SECTION=", false)]
    [InlineData("/INBOX/;UID=1/;SECTION=1]", false)]
    [InlineData("/INBOX/;UID=1/;PARTIAL=0.0", false)]
    [InlineData("/INBOX/;UID=1/;EXPIRE=x", false)]
    [InlineData("/%ff/;UID=1", false)]
    [InlineData("/%4/;UID=1", false)]
    [InlineData("//host/INBOX/;UID=1", false)]
    [InlineData("imap://host/INBOX/;UID=1", false)]
    [InlineData("", false)]
    public void URLs_of_messages(string url, bool valid) => (MessageUrl.TryParse(url) is not null).Should().Be(valid);
}
