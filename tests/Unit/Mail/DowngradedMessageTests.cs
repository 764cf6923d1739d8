using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

/// <summary>The surrogates of RFC 6858, which clients get that know no UTF-8 in headers.</summary>
public sealed class DowngradedMessageTests
{
    [Theory]
    [InlineData("Subject: Grüße", "Subject: =?utf-8?b?R3LDvMOfZQ==?=")]
    [InlineData("subject: re: [list] café crème today", "subject: re: [list] =?utf-8?q?caf=C3=A9_cr=C3=A8me?= today")]
    [InlineData("Subject: =?utf-8?q?=C3=A9?= é =?utf-8?q?=C3=A9?=", "Subject: =?utf-8?q?=C3=A9?= =?utf-8?b?IMOpIA==?= =?utf-8?q?=C3=A9?=")]
    [InlineData("X-Note: naïve", "X-Note: =?utf-8?q?na=C3=AFve?=")]
    [InlineData("From: Jörg Müller <joerg@example.test>", "From: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <joerg@example.test>")]
    [InlineData("From: \"Müller, Jörg\" <j@example.test>, ann@example.test", "From: =?utf-8?b?TcO8bGxlciwgSsO2cmc=?= <j@example.test>, ann@example.test")]
    [InlineData("To: Ann <ann@bücher.example>", "To: Ann <ann@xn--bcher-kva.example>")]
    [InlineData("To: jörg@example.test", "To: =?utf-8?q?j=C3=B6rg=40example=2Etest?=\r\n <invalid@internationalized-address.invalid>")]
    [InlineData("Cc: Jörg <jörg@example.test>", "Cc: =?utf-8?q?J=C3=B6rg_=3Cj=C3=B6rg=40example=2Etest=3E?=\r\n <invalid@internationalized-address.invalid>")]
    [InlineData("Cc: Größe: \"a b\"@example.test, \"O'Neil, \\\"x\\\"\" <o@example.test>;", "Cc: =?utf-8?b?R3LDtsOfZQ==?=: \"a b\"@example.test, \"O'Neil, \\\"x\\\"\"\r\n <o@example.test>;")]
    [InlineData("Content-Disposition: attachment; size=3; filename=\"Ä 1.txt\"", "Content-Disposition: attachment; size=3; filename*=utf-8''%C3%84%201.txt")]
    [InlineData("Content-Type: text/plain; charset=utf-8; name=ü", "Content-Type: text/plain; charset=utf-8; name*=utf-8''%C3%BC")]
    [InlineData("Message-ID: <ü@example.test>", null)]
    [InlineData("Received: from ü by example.test; Sat, 14 Mar 2026 09:00:00 +0100", null)]
    public void A_field_in_UTF8_reads_in_ASCII(string field, string? expected)
    {
        var structure = Structures.Of(Encoding.UTF8.GetBytes($"Date: x\r\n{field}\r\n\r\nbody: ü\r\n"));
        var rewrite = structure.Downgrades.Should().ContainSingle().Subject;
        rewrite.Offset.Should().Be("Date: x\r\n".Length);
        rewrite.Length.Should().Be(Encoding.UTF8.GetByteCount(field) + 2);
        rewrite.Lines.Should().Be(1);
        rewrite.Text.Should().Be(expected is null ? "" : expected + "\r\n");
    }

    [Fact]
    public void A_long_field_is_folded_and_its_words_are_of_whole_characters()
    {
        var subject = string.Join(' ', Enumerable.Repeat("Donaudampfschifffahrtsgesellschaftskapitänsmütze 日本語", 8));
        var text = Structures.Of(Encoding.UTF8.GetBytes($"Subject: {subject}\r\n\r\n")).Downgrades.Should().ContainSingle().Subject.Text;
        text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Should().OnlyContain(line => line.Length <= 76);
        MimeKit.MimeMessage.Load(new MemoryStream(Encoding.ASCII.GetBytes(text + "\r\n"))).Subject.Should().Be(subject);
    }

    [Fact]
    public void A_long_file_name_is_continued()
    {
        var name = new string('é', 100) + " x.pdf";
        var text = Structures.Of(Encoding.UTF8.GetBytes($"Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n")).Downgrades.Should().ContainSingle().Subject.Text;
        text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Should().OnlyContain(line => line.Length <= 76);
        var part = Structures.Of(Encoding.ASCII.GetBytes(text + "\r\n")).Root;
        part.Disposition.Should().Be("attachment");
        part.DispositionParameters.Should().ContainSingle().Which.Should().Be(new BodyParameter("filename", name));
    }

    [Theory]
    [InlineData("Subject: gr\xfc\xdfe\r\n\r\n")] // Latin-1: what it means is anybody's guess
    [InlineData("Subject: =?utf-8?q?=C3=BC?=\r\n\r\n\xc3\xbc\r\n")]
    [InlineData("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Description: \xc3\xbc\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("Content-Type: message/global\r\n\r\nSubject: \xc3\xbc\r\n\r\nx\r\n")]
    public void What_is_no_UTF8_or_signed_or_a_global_message_stays(string octets) => Structures.Of(Encoding.Latin1.GetBytes(octets)).Downgrades.Should().BeEmpty();

    [Fact]
    public void What_is_kept_of_a_header_without_end_is_bounded()
    {
        var header = new StringBuilder();
        for (var i = 0; i < 1000; i++) header.Append("X-Long: ").Append('ü', 1000).Append("\r\n");
        var structure = Structures.Of(Encoding.UTF8.GetBytes(header.Append("\r\n").ToString()));
        structure.Downgrades.Count.Should().Be(500);
        structure.Downgrades.Sum(rewrite => rewrite.Text.Length).Should().BeLessThanOrEqualTo(64 * 1024);
        Structures.Of(Encoding.UTF8.GetBytes($"X-Long: {new string('ü', 100_000)}\r\n\r\n")).Downgrades.Should().ContainSingle().Which.Text.Should().BeEmpty();
    }

    [Property(MaxTest = 200)]
    public async Task The_surrogate_is_what_its_sizes_and_its_structure_say(int seed)
    {
        var (octets, _) = RandomMessage.Make(seed);
        var random = new Random(seed);
        var international = Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(octets)
            .Replace("Subject: ", random.Next(2) == 0 ? "Subject: für " : "Message-ID: <ü>\r\nFrom: é@example.test\r\nSubject: ", StringComparison.Ordinal)
            .Replace("Content-Type: text/plain", "Content-Type: text/plain; name=\"Übersicht.txt\"", StringComparison.Ordinal));
        var inbox = new MemoryInbox();
        inbox.Add(international);
        var stored = await inbox.MessagesAsync(default, default, UidSet.All, CancellationToken.None).SingleAsync();
        var shown = DowngradedMessage.Of(stored);

        var whole = await ReadAsync(inbox, shown, 0, shown.Size);
        whole.Length.Should().Be((int)shown.Size);
        Places(shown.Structure.Root).Should().Be(Places(Structures.Of(whole).Root));
        Structures.Of(whole).Downgrades.Should().BeEmpty();
        // Bodies are those of the message.
        Leaves(shown.Structure.Root).Select(part => Convert.ToHexString(whole, (int)part.BodyOffset, (int)part.BodyLength))
            .Should().Equal(Leaves(stored.Structure.Root).Select(part => Convert.ToHexString(international, (int)part.BodyOffset, (int)part.BodyLength)));

        for (var i = 0; i < 5; i++)
        {
            var offset = random.Next((int)shown.Size + 1);
            var length = random.Next((int)shown.Size + 1 - offset);
            (await ReadAsync(inbox, shown, offset, length)).Should().Equal(whole[offset..(offset + length)]);
        }
    }

    [Fact]
    public async Task Of_what_delivery_put_before_a_message_the_fields_in_UTF8_are_left_out()
    {
        var inbox = new MemoryInbox();
        inbox.Add("Subject: x\r\n\r\n");
        var prefix = "Return-Path: <ü@example.test>\r\nReceived: from a\r\n by ü\r\nReceived: from b\r\n by c\r\n"u8.ToArray();
        var stored = await inbox.MessagesAsync(default, default, UidSet.All, CancellationToken.None).SingleAsync();
        var shown = DowngradedMessage.Of(stored with { TracePrefix = prefix, Size = stored.Size + prefix.Length });
        Encoding.ASCII.GetString(shown.TracePrefix.Span).Should().Be("Received: from b\r\n by c\r\n");
        shown.Size.Should().Be(stored.Size + shown.TracePrefix.Length);
    }

    private static async Task<byte[]> ReadAsync(MemoryInbox inbox, MessageInfo message, long offset, long length)
    {
        await using var stream = await inbox.OpenShownAsync(default, message, offset, length, CancellationToken.None);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, 7);
        return read.ToArray();
    }

    private static string Places(BodyPart part)
        => $"{part.Type}/{part.Subtype} {part.HeaderOffset} {part.BodyOffset} {part.BodyLength} {part.Lines} ({string.Join(' ', part.Children.Select(Places))})";

    private static IEnumerable<BodyPart> Leaves(BodyPart part) => part.Children.Count == 0 ? [part] : part.Children.SelectMany(Leaves);
}
