using System.IO.Compression;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail;
using Merpati.Mail.Content;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Content;

/// <summary>What is found in a message without any other program.</summary>
public sealed class MessageInspectionTests
{
    private static readonly byte[] Program = [.. "MZ"u8, 0x90, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xff];

    [Theory]
    [InlineData("setup.exe", ContentReason.ExecutableName)]
    [InlineData("SETUP.EXE", ContentReason.ExecutableName)]
    [InlineData("setup.exe. ", ContentReason.ExecutableName)]
    [InlineData("run.js", ContentReason.ExecutableName)]
    [InlineData("invoice.pdf.exe", ContentReason.ExecutableName, ContentReason.DoubleExtension)]
    [InlineData("invoice.pdf          .scr", ContentReason.ExecutableName, ContentReason.DoubleExtension, ContentReason.NameTricks)]
    [InlineData("photo\u202egpj.exe", ContentReason.ExecutableName, ContentReason.NameTricks)]
    [InlineData("a.e\u200bxe", ContentReason.ExecutableName, ContentReason.NameTricks)]
    [InlineData("setup-1.2.tar.exe", ContentReason.ExecutableName)]
    [InlineData("sheet.xlsm", ContentReason.OfficeMacros)]
    [InlineData("report.pdf")]
    [InlineData("exe")]
    [InlineData("notes.v1.2.txt")]
    [InlineData("path.exe/readme")]
    [InlineData("")]
    public async Task Names_of_attachments(string name, params string[] reasons)
        => (await InspectAsync(Attachment(name, "application/octet-stream", "hello"u8.ToArray()))).Reasons.Should().Equal(reasons);

    [Theory]
    [InlineData("filename*=utf-8''invoice.pdf%2Eexe")]
    [InlineData("filename*0=invoice.p; filename*1=df.exe")]
    [InlineData("filename=\"=?utf-8?B?aW52b2ljZS5wZGYuZXhl?=\"")]
    public async Task Names_are_found_however_they_are_written(string parameter)
        => (await InspectAsync($"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; {parameter}\r\n\r\nx\r\n")).Reasons.Should().Equal(ContentReason.ExecutableName, ContentReason.DoubleExtension);

    [Fact]
    public async Task Two_names_are_both_looked_at()
        => (await InspectAsync("Content-Type: application/octet-stream; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n")).Should().BeEquivalentTo(new ContentFindings([ContentReason.ExecutableName], ["exe", "txt"], 1));

    [Fact]
    public async Task A_program_is_found_whatever_it_is_called_and_however_it_is_encoded()
    {
        (await InspectAsync(Attachment("photo.jpg", "image/jpeg", Program))).Reasons.Should().Equal(ContentReason.ExecutableContent, ContentReason.TypeMismatch);
        (await InspectAsync(Attachment("", "image/png", Program))).Reasons.Should().Equal(ContentReason.ExecutableContent, ContentReason.TypeMismatch);
        (await InspectAsync("Content-Type: application/x-thing\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nMZ=90=00=03=\r\n=00=00\r\n")).Reasons.Should().Equal(ContentReason.ExecutableContent);
        (await InspectAsync(Attachment("text.txt", "text/plain", "MZ is how this text begins"u8.ToArray()))).Reasons.Should().BeEmpty();
    }

    [Theory]
    [InlineData("report.pdf", "%PDF-1.7", false)]
    [InlineData("report.pdf", "<html><script>", true)]
    [InlineData("report.pdf", "what nobody knows", false)]
    [InlineData("photo.png", "%PDF-1.7", true)]
    [InlineData("letter.doc", "{\\rtf1", false)]
    [InlineData("archive.zip", "MSCF", true)]
    public async Task A_file_is_what_its_name_says(string name, string octets, bool differs)
        => (await InspectAsync(Attachment(name, "application/octet-stream", Encoding.Latin1.GetBytes(octets)))).Reasons.Should().Equal(differs ? [ContentReason.TypeMismatch] : []);

    [Theory]
    [InlineData("docs/readme.txt")]
    [InlineData("docs/setup.exe", ContentReason.ArchiveExecutable)]
    [InlineData("docs/photo.jpg.js", ContentReason.ArchiveExecutable)]
    [InlineData("word/vbaProject.bin", ContentReason.OfficeMacros)]
    public async Task Archives_are_looked_into(string name, params string[] reasons)
        => (await InspectAsync(Attachment("a.zip", "application/zip", Zip("first.txt", name)))).Reasons.Should().Equal(reasons);

    [Fact]
    public async Task An_archive_that_hides_behind_something_else_is_looked_into_too()
        => (await InspectAsync(Attachment("a.zip", "application/zip", [.. Encoding.ASCII.GetBytes(new string('x', 20_000)), .. Zip("setup.exe")]))).Reasons.Should().Equal(ContentReason.ArchiveExecutable);

    [Fact]
    public async Task What_is_encrypted_is_told()
    {
        var zip = Zip("secret.txt");
        zip[6] |= 1;
        (await InspectAsync(Attachment("a.zip", "application/zip", zip))).Reasons.Should().Equal(ContentReason.ArchiveEncrypted);
    }

    [Theory]
    [InlineData("a.rar", "Rar!\u001a\u0007\u0001\0")]
    [InlineData("a.rar", "nothing of the kind")]
    [InlineData("a.7z", "7z\u00bc\u00af\u0027\u001c\0\u0004")]
    [InlineData("a.bin", "7z\u00bc\u00af\u0027\u001c\0\u0004")]
    public async Task An_archive_whose_names_cannot_be_read_is_told(string name, string octets)
        => (await InspectAsync(Attachment(name, "application/octet-stream", Encoding.Latin1.GetBytes(octets + "\u0003\u0002\u0001")))).Reasons.Should().Equal(ContentReason.ArchiveUnreadable);

    [Fact]
    public void Names_in_archives_are_found_in_whatever_pieces_they_come()
    {
        var zip = Zip("one.txt", "two/zw\u00f6lf.exe", "three.PK");
        for (var piece = 1; piece < 50; piece++)
        {
            var names = new HashSet<string>();
            var finder = new ZipNames(100, name => names.Add(name));
            for (var at = 0; at < zip.Length; at += piece) finder.Write(zip.AsSpan(at, Math.Min(piece, zip.Length - at)));
            names.Should().BeEquivalentTo("one.txt", "two/zw\u00f6lf.exe", "three.PK");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(32 * 1024 - 20)]
    public async Task Macros_of_the_old_format_are_found_wherever_they_stand(int before)
    {
        byte[] document = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, .. new byte[before], .. Encoding.Unicode.GetBytes("_VBA_PROJECT"), .. new byte[5000]];
        (await InspectAsync(Attachment("letter.doc", "application/msword", document))).Reasons.Should().Equal(ContentReason.OfficeMacros);
        (await InspectAsync(Attachment("letter.doc", "application/msword", document[..^5012]))).Reasons.Should().BeEmpty();
    }

    [Theory]
    [InlineData("<a href='https://www.bank.example.com/x'>bank.example.com</a>")]
    [InlineData("<a href=\"https://click.news.example.com\">https://www.example.com/offer</a>")]
    [InlineData("<a href='https://evil.example.net'>Click here</a>")]
    [InlineData("<a href='https://evil.example.net/report.pdf'>report.pdf</a>")]
    [InlineData("<a href='mailto:ann@example.net'>www.example.org</a>")]
    [InlineData("<a href='https://evil.net/'>www.bank.com</a>", ContentReason.LinkMismatch)]
    [InlineData("<a href='https://evil.net/'>see <b>https://bank.com</b>/login now</a>", ContentReason.LinkMismatch)]
    [InlineData("<A HREF='ht&#116;ps://evil.net/'>bank.com</A>", ContentReason.LinkMismatch)]
    [InlineData("<a href='https://evil.net/'>bank.com", ContentReason.LinkMismatch)]
    [InlineData("<a href='https:\\\\evil.net\\bank.com'>bank.com</a>", ContentReason.LinkMismatch)]
    [InlineData("<a href='https://bank.com.evil.net'>bank.com</a>", ContentReason.LinkMismatch)]
    [InlineData("<a href='https://bank.com@evil.net/'>Login</a>", ContentReason.LinkUserInfo)]
    [InlineData("<a href='http://192.0.2.1/x'>Login</a>", ContentReason.LinkAddress)]
    [InlineData("<a href='http://[2001:db8::1]/x'>Login</a>", ContentReason.LinkAddress)]
    [InlineData("<a href='http://xn--mnchen-3ya.de/'>M\u00fcnchen</a>", ContentReason.LinkPunycode)]
    [InlineData("<a href='http://p\u0430ypal.com/'>Login</a>", ContentReason.LinkPunycode, ContentReason.LinkMixedScript)]
    [InlineData("<form action='http://192.0.2.1/'><area href='http://a@b.com'>", ContentReason.LinkAddress, ContentReason.LinkUserInfo)]
    public async Task Links_in_HTML(string html, params string[] reasons)
        => (await InspectAsync($"Content-Type: text/html; charset=utf-8\r\n\r\n<p>{html}\r\n")).Reasons.Should().Equal(reasons);

    [Fact]
    public async Task Links_in_plain_text()
        => (await InspectAsync("Subject: x\r\n\r\nGo to <http://192.0.2.1/pay> or (https://x@y.com)\r\n")).Reasons.Should().Equal(ContentReason.LinkAddress, ContentReason.LinkUserInfo);

    [Theory]
    [InlineData("Joe <joe@example.org>")]
    [InlineData("\"joe@example.org\" <joe@mail.example.org>")]
    [InlineData("\"boss@bank.com\" <joe@evil.net>", ContentReason.AuthorNameAddress)]
    [InlineData("=?utf-8?Q?boss=40bank.com?= <joe@evil.net>", ContentReason.AuthorNameAddress)]
    [InlineData("\"Boss (boss@example.test)\" <joe@evil.net>", ContentReason.AuthorNameAddress, ContentReason.AuthorImpersonatesUs)]
    [InlineData("\"Support of example.test\" <joe@evil.net>", ContentReason.AuthorImpersonatesUs)]
    [InlineData("Ann <ann@example.test>", ContentReason.AuthorIsOurs)]
    [InlineData("not an address at all <>")]
    public async Task The_name_of_the_author(string from, params string[] reasons)
        => (await InspectAsync($"From: {from}\r\n\r\nhello\r\n")).Reasons.Should().Equal(reasons);

    [Fact]
    public async Task What_is_beyond_the_limits_is_told()
    {
        var many = "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", 600)) + "--b--\r\n";
        (await InspectAsync(many)).Reasons.Should().Equal(ContentReason.Limits);
        (await InspectAsync(Attachment("a.zip", "application/zip", [.. "PK\x03\x04"u8, .. new byte[100_000]]), new InspectionLimits(MaxOctets: 50_000))).Reasons.Should().Equal(ContentReason.Limits);
        (await InspectAsync("Content-Type: text/html\r\n\r\n" + string.Concat(Enumerable.Repeat("<a href=http://e.com>x</a>", 30)), new InspectionLimits(MaxLinks: 20))).Reasons.Should().Equal(ContentReason.Limits);
        (await InspectAsync("Content-Type: text/html\r\n\r\n" + new string('x', 3000), new InspectionLimits(MaxText: 2000))).Reasons.Should().Equal(ContentReason.Limits);
        (await InspectAsync(Attachment("a.zip", "application/zip", Zip([.. Enumerable.Range(0, 30).Select(number => $"{number}.txt")])), new InspectionLimits(MaxNames: 20))).Reasons.Should().Equal(ContentReason.Limits);
    }

    [Fact]
    public async Task A_message_within_a_message_is_looked_at_too()
        => (await InspectAsync($"Content-Type: message/rfc822\r\n\r\n{Attachment("setup.exe", "application/octet-stream", Program)}")).Reasons.Should().Equal(ContentReason.ExecutableName, ContentReason.ExecutableContent);

    private static string Attachment(string name, string type, byte[] octets)
        => $"MIME-Version: 1.0\r\nContent-Type: {type}\r\nContent-Disposition: attachment{(name.Length > 0 ? $"; filename*=utf-8''{Uri.EscapeDataString(name)}" : "")}\r\nContent-Transfer-Encoding: base64\r\n\r\n{Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks)}\r\n";

    private static byte[] Zip(params string[] names)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var name in names)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write("content that is packed, content that is packed"u8);
            }
        }
        return stream.ToArray();
    }

    private static async Task<ContentFindings> InspectAsync(string message, InspectionLimits? limits = null)
    {
        var octets = Encoding.UTF8.GetBytes(message);
        var inspection = new MessageInspection(limits ?? new InspectionLimits(), new HashSet<string>(), (domain, _) => ValueTask.FromResult(domain == "example.test"));
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None);
        return await inspection.InspectAsync(structure, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), CancellationToken.None);
    }
}
