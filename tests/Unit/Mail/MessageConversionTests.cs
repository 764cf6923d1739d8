using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Mail;
using Merpati.Mailboxes;
using MimeKit;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

public sealed class MessageConversionTests
{
    private const string Mixed = "Subject: two parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "preamble\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nX-Kept:  as \r\n it is\r\nContent-Transfer-Encoding:\r\n 8bit\r\nX-After: too\r\n\r\ngr\u00fc\u00dfe aus der ferne\r\nund noch eine zeile \r\n\r\n"
        + "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\nepilogue\r\n";

    [Theory]
    [InlineData("Subject: a\r\n\r\nplain\r\n", false, false, false, 10)]
    [InlineData("Subject: a\r\n\r\ngr\u00fcn\r\n", true, false, false, 10)]
    [InlineData("Subject: gr\u00fcn\r\n\r\nplain\r\n", true, false, true, 14)]
    [InlineData("Subject: a\r\n\r\na\nb\r\n", false, true, false, 10)]
    [InlineData("Subject: a\r\n\r\na\rb\r\n", false, true, false, 10)]
    [InlineData("Subject: a\r\n\r\na\0b\r\n", false, true, false, 10)]
    [InlineData("Subject: a\r\n\r\na\r", false, true, false, 10)]
    [InlineData("", false, false, false, 0)]
    public async Task Finds_what_a_message_needs(string text, bool eightBit, bool binary, bool eightBitHeader, long longest)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        var expected = new MessageNeeds(eightBit, binary, eightBitHeader, longest);
        (await MessageNeeds.FindAsync(new MemoryStream(octets), CancellationToken.None)).Should().Be(expected);
        await using var drip = new DripStream(octets);
        (await MessageNeeds.FindAsync(drip, CancellationToken.None)).Should().Be(expected);
    }

    [Fact]
    public async Task What_fits_is_left_alone()
        => (await PlanAsync("Subject: a\r\n\r\nplain\r\n"u8.ToArray(), TransferDomain.SevenBit)).Should().BeOfType<Conversion.Unneeded>();

    [Fact]
    public async Task Only_the_part_that_does_not_fit_changes_and_the_labels_around_it()
        => (await ConvertAsync(Encoding.UTF8.GetBytes(Mixed), TransferDomain.SevenBit)).Should().Be(Mixed
            .Replace("Content-Transfer-Encoding: 8bit", "Content-Transfer-Encoding: 7bit", StringComparison.Ordinal)
            .Replace("Content-Transfer-Encoding:\r\n 8bit\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", StringComparison.Ordinal)
            .Replace("gr\u00fc\u00dfe", "gr=C3=BC=C3=9Fe", StringComparison.Ordinal)
            .Replace("zeile \r\n", "zeile=20\r\n", StringComparison.Ordinal));

    [Fact]
    public async Task A_message_without_mime_gets_its_fields()
        => (await ConvertAsync(Encoding.UTF8.GetBytes("Subject: a\r\n\r\ngr\u00fcne w\u00e4lder und wiesen\r\n"), TransferDomain.SevenBit))
            .Should().Be("Subject: a\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BCne w=C3=A4lder und wiesen\r\n");

    [Fact]
    public async Task Binary_becomes_base64_for_a_mailbox_and_text_with_eight_bits_stays()
    {
        const string Text = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: binary\r\n\r\ngr\u00fcn\r\n"
            + "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n\n\r!\r\n--b--\r\n";
        (await ConvertAsync(Encoding.UTF8.GetBytes(Text), TransferDomain.EightBit)).Should().Be(Text
            .Replace("Content-Transfer-Encoding: binary\r\n\r\n\0\r\n\n\r!\r\n", "Content-Transfer-Encoding: base64\r\n\r\nAA0KCg0h\r\n\r\n", StringComparison.Ordinal)
            .Replace("Content-Transfer-Encoding: binary", "Content-Transfer-Encoding: 8bit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Content-Type: multipart/signed; boundary=b; protocol=application/pgp-signature\r\n\r\n--b\r\n\r\ngr\u00fcn\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n", "5.6.3")]
    [InlineData("Subject: gr\u00fcn\r\n\r\nplain\r\n", "5.6.7")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename=gr\u00fcn\r\n\r\nx\r\n--b--\r\n", "5.6.7")]
    [InlineData("Content-Type: message/partial; id=a; number=1\r\n\r\nSubject: gr\u00fcn\r\n", "5.6.3")]
    [InlineData("Content-Transfer-Encoding: x-uuencode\r\n\r\ngr\u00fcn\r\n", "5.6.3")]
    [InlineData("Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\ngr\u00fcn\r\n--b--\r\n", "5.6.3")]
    public async Task What_cannot_be_converted_without_harm_is_not(string text, string code)
    {
        var impossible = (await PlanAsync(Encoding.UTF8.GetBytes(text), TransferDomain.SevenBit)).Should().BeOfType<Conversion.Impossible>().Which;
        impossible.EnhancedCode.Should().Be(code);
        impossible.Explanation.Should().NotBeEmpty();
    }

    [Fact]
    public async Task A_signed_part_that_fits_stays_whole_while_its_neighbour_changes()
    {
        const string Signed = "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\nplain, whatever its label says\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n";
        var text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + Signed + "\r\n--b\r\n\r\nein gr\u00fcner text\r\n--b--\r\n";
        (await ConvertAsync(Encoding.UTF8.GetBytes(text), TransferDomain.SevenBit)).Should().Contain(Signed).And.Contain("Content-Transfer-Encoding: quoted-printable\r\n\r\nein gr=C3=BCner text");
    }

    [Fact]
    public async Task A_line_that_no_server_need_take_is_broken_by_an_encoding()
    {
        var line = new string('x', 3000);
        var converted = await ConvertAsync(Encoding.ASCII.GetBytes($"Subject: a\r\n\r\n{line}\r\n"), TransferDomain.SevenBit);
        (await MimeMessage.LoadAsync(new MemoryStream(Encoding.ASCII.GetBytes(converted)))).TextBody!.TrimEnd().Should().Be(line);
    }

    [Property(MaxTest = 400)]
    public async Task Whatever_is_converted_fits_and_says_the_same(int seed, bool eightBit)
    {
        var octets = RandomBinary(new Random(seed));
        var domain = eightBit ? TransferDomain.EightBit : TransferDomain.SevenBit;
        if (await PlanAsync(octets, domain) is not Conversion.Possible plan) return;
        var converted = await ReadAsync(plan, octets);
        await ShouldFitAsync(converted, domain);
        (await LeavesAsync(converted)).Should().BeEquivalentTo(await LeavesAsync(octets), options => options.WithStrictOrdering());
        (await PlanAsync(converted, domain)).Should().BeOfType<Conversion.Unneeded>("what was converted fits");
    }

    [Property(MaxTest = 500)]
    public async Task No_octets_make_it_fail(byte[] octets, bool eightBit)
    {
        var domain = eightBit ? TransferDomain.EightBit : TransferDomain.SevenBit;
        if (await PlanAsync(octets, domain) is Conversion.Possible plan) await ShouldFitAsync(await ReadAsync(plan, octets), domain);
    }

    private static async Task ShouldFitAsync(byte[] converted, TransferDomain domain)
    {
        var needs = await MessageNeeds.FindAsync(new MemoryStream(converted), CancellationToken.None);
        needs.Binary.Should().BeFalse();
        if (domain == TransferDomain.SevenBit) needs.EightBit.Should().BeFalse();
    }

    private static async Task<byte[]> ReadAsync(Conversion.Possible plan, byte[] octets)
    {
        await using var stream = plan.Read(new DripStream(octets));
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static ValueTask<Conversion> PlanAsync(byte[] octets, TransferDomain domain)
        => MessageConversion.PlanAsync(_ => ValueTask.FromResult<Stream>(new MemoryStream(octets)), domain, CancellationToken.None);

    private static async Task<string> ConvertAsync(byte[] octets, TransferDomain domain)
    {
        var plan = (await PlanAsync(octets, domain)).Should().BeOfType<Conversion.Possible>().Which;
        return Encoding.UTF8.GetString(await ReadAsync(plan, octets));
    }

    /// <summary>The decoded bodies, text without its last line breaks: a boundary swallows one, and an encoding ends in one.</summary>
    private static async Task<List<string>> LeavesAsync(byte[] octets)
    {
        var root = (await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None)).Root;
        var leaves = new List<string>();
        Add(root);
        return leaves;

        void Add(BodyPart part)
        {
            foreach (var child in part.Children) Add(child);
            if (part.Children.Count > 0) return;
            var content = new MimeContent(new MemoryStream(octets, (int)part.BodyOffset, (int)part.BodyLength), part.Encoding switch { "base64" => ContentEncoding.Base64, "quoted-printable" => ContentEncoding.QuotedPrintable, _ => ContentEncoding.Binary });
            using var decoded = new MemoryStream();
            content.DecodeTo(decoded);
            leaves.Add(Encoding.Latin1.GetString(decoded.ToArray()).TrimEnd('\r', '\n'));
        }
    }

    private static byte[] RandomBinary(Random random)
    {
        var octets = new MemoryStream();
        Entity(0);
        return octets.ToArray();

        void Text(string text) => octets.Write(Encoding.Latin1.GetBytes(text));

        void Entity(int depth)
        {
            if (random.Next(3) == 0) Text("X-Field: a\r\n b\r\n");
            switch (depth < 3 ? random.Next(4) : 3)
            {
                case 0 or 1:
                    Text($"Content-Type: multipart/mixed; boundary=\"b{depth}\"\r\n{Label()}\r\n");
                    for (var count = random.Next(1, 4); count > 0; count--)
                    {
                        Text($"--b{depth}\r\n");
                        Entity(depth + 1);
                        Text("\r\n");
                    }
                    Text($"--b{depth}--\r\n");
                    break;
                case 2 when depth > 0:
                    Text($"Content-Type: message/rfc822\r\n{Label()}\r\n");
                    Entity(depth + 1);
                    break;
                default:
                    Text($"{(random.Next(2) == 0 ? "Content-Type: text/plain\r\n" : "Content-Type: application/x-data\r\n")}{Label()}\r\n");
                    Body();
                    break;
            }
        }

        string Label() => random.Next(4) switch { 0 => "Content-Transfer-Encoding: 8bit\r\n", 1 => "Content-Transfer-Encoding: binary\r\n", _ => "" };

        void Body()
        {
            var kind = random.Next(4);
            for (var count = random.Next(0, 400); count > 0; count--)
            {
                if (kind == 0) octets.WriteByte((byte)random.Next(256));
                else if (random.Next(40) == 0) Text(kind == 1 ? "\n" : "\r\n");
                else octets.WriteByte((byte)(kind > 1 && random.Next(10) == 0 ? random.Next(128, 256) : random.Next('a', 'z')));
            }
            if (kind == 3 && random.Next(3) == 0) Text(new string('y', random.Next(2000)));
        }
    }

    /// <summary>Gives an octet or a few at a time.</summary>
    private sealed class DripStream(byte[] octets) : MemoryStream(octets)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (int)(Position % 7))], cancellationToken);
    }
}
