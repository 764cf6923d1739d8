using System.Diagnostics;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Mail;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

public sealed class MessageStructureBuilderTests
{
    [Property(MaxTest = 500)]
    public void Finds_every_part_of_a_message_where_it_was_written(int seed)
    {
        var (octets, expected) = RandomMessage.Make(seed);
        ShouldBe(Build(octets).Root, expected);
    }

    [Property(MaxTest = 60)]
    public void Sees_the_same_message_in_pieces_of_any_size(int seed)
    {
        var octets = Mutated(seed);
        StructureText.Of(Build(octets, new Random(seed), largest: 1)).Should().Be(StructureText.Of(Build(octets)));
        StructureText.Of(Build(octets, new Random(seed), largest: 300)).Should().Be(StructureText.Of(Build(octets)));
    }

    [Property(MaxTest = 500)]
    public void Keeps_parts_inside_their_parents_whatever_comes(int seed)
    {
        var octets = Mutated(seed);
        var structure = Build(octets);
        structure.Preview.Length.Should().BeLessThanOrEqualTo(200);
        structure.Root.HeaderOffset.Should().Be(0);
        (structure.Root.BodyOffset + structure.Root.BodyLength).Should().Be(octets.Length);
        ShouldBeSound(structure.Root, octets);
    }

    [Property(MaxTest = 300)]
    public void Cuts_the_octets_that_MimeKit_extracts(int seed)
    {
        var (octets, _) = RandomMessage.Make(seed);
        var theirs = new List<string>();
        Collect(MimeKit.MimeMessage.Load(new MemoryStream(octets)).Body!);
        Leaves(Build(octets).Root).Select(part => Convert.ToHexString(octets, (int)part.BodyOffset, (int)part.BodyLength)).Should().Equal(theirs);

        void Collect(MimeKit.MimeEntity entity)
        {
            switch (entity)
            {
                case MimeKit.Multipart multipart:
                    foreach (var part in multipart) Collect(part);
                    break;
                case MimeKit.MessagePart message:
                    Collect(message.Message!.Body!);
                    break;
                case MimeKit.MimePart part:
                    using (var stream = new MemoryStream())
                    {
                        part.Content?.WriteTo(stream);
                        theirs.Add(Convert.ToHexString(stream.ToArray()));
                    }
                    break;
            }
        }
    }

    public static TheoryData<string, string, string> Hostile => new()
    {
        { "parts without end", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\n" },
        { "parts without header", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n" },
        { "almost boundaries", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--\n" },
        { "boundary without line", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b" },
        { "messages in messages", "", "Content-Type: message/rfc822\r\n\r\n" },
        { "multiparts in multiparts", "", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" },
        { "digest in digest", "", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n" },
        { "one header line", "To: ", "x" },
        { "addresses", "To: ", "a," },
        { "groups", "To: ", "a:" },
        { "angles", "To: ", "<" },
        { "at signs", "To: ", "@" },
        { "comments", "To: ", "(" },
        { "closed comments", "To: ", "()" },
        { "quotes", "To: ", "\"a\"" },
        { "escapes", "To: ", "\\" },
        { "encoded words", "To: ", "=?" },
        { "encoded subject", "Subject: ", "=?utf-8?q?=41?= " },
        { "ids", "References: ", "<a>" },
        { "open ids", "References: ", "<a" },
        { "parameters", "Content-Type: text/plain", ";a=b" },
        { "continuations", "Content-Type: text/plain; a*0=b", "; a*1*=%41" },
        { "percents", "Content-Type: text/plain; name*0*=utf-8''", "%41" },
        { "languages", "Content-Language: ", "en," },
        { "dates", "Date: ", "1 " },
        { "fields", "", "A: b\r\n" },
        { "same fields", "", "Subject: b\r\n" },
        { "folding", "Subject: x\r\n", " y\r\n" },
        { "blank folding", "Subject: x\r\n", " \r\n" },
        { "one body line", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "x" },
        { "carriage returns", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "\r" },
        { "line breaks", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "\n" },
        { "dashes", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "-" },
        { "tags", "Content-Type: text/html\r\n\r\n", "<a &amp; " },
        { "references in html", "Content-Type: text/html\r\n\r\n", "&" },
        { "base64", "Content-Transfer-Encoding: base64\r\n\r\n", "=" },
        { "quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=" },
        { "NUL", "", "\0" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Takes_linear_time_for_five_megabytes_of(string what, string head, string unit)
    {
        var text = new StringBuilder(head);
        while (text.Length < 5_000_000) text.Append(unit);
        var octets = Encoding.Latin1.GetBytes(text.ToString());
        var watch = Stopwatch.StartNew();
        var structure = Build(octets);
        // 20 to 150 ms of an idle core, a debug build on a busy machine many times that; quadratic would be minutes to days.
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(20), "{0} take linear time", what);
        ShouldBeSound(structure.Root, octets);
        Leaves(structure.Root).Count().Should().BeLessThanOrEqualTo(MessageStructureBuilder.MaxParts + MessageStructureBuilder.MaxDepth);
    }

    [Fact]
    public void Shows_the_rest_of_too_many_parts_as_one()
    {
        var text = new StringBuilder("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        for (var i = 0; i < MessageStructureBuilder.MaxParts + 500; i++) text.Append("--b\r\n\r\nx\r\n");
        text.Append("--b--\r\n");
        var octets = Encoding.ASCII.GetBytes(text.ToString());

        var root = Build(octets).Root;
        root.Children.Should().HaveCount(MessageStructureBuilder.MaxParts);
        root.Children[^1].Should().Match<BodyPart>(part => part.Type == "application" && part.Subtype == "octet-stream");
        Encoding.ASCII.GetString(octets[(int)root.Children[^1].BodyOffset..]).Should().StartWith("\r\nx\r\n--b").And.EndWith("--b--\r\n");
        (root.Children[^1].BodyOffset + root.Children[^1].BodyLength).Should().Be(octets.Length - "\r\n--b--\r\n".Length);
    }

    [Fact]
    public void Shows_what_is_nested_too_deep_as_one_part()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 150; i++) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        var part = Build(Encoding.ASCII.GetBytes(text.ToString())).Root;
        var depth = 0;
        for (; part.Children.Count > 0; part = part.Children[0]) depth++;
        depth.Should().Be(MessageStructureBuilder.MaxDepth);
        part.Should().Match<BodyPart>(p => p.Type == "application" && p.Subtype == "octet-stream");
    }

    [Fact]
    public void Completes_date_and_id_from_the_trace_headers()
    {
        var structure = Build("Subject: x\r\n\r\ny\r\n"u8.ToArray());
        var completed = TraceHeaders.Complete(structure, "Received: by mx\r\nDate: Mon, 24 Nov 2025 10:00:00 +0100\r\nMessage-ID: <made@example.org>\r\n"u8);
        completed.Envelope.MessageId.Should().Be("<made@example.org>");
        completed.SentDate.Should().Be(new DateTimeOffset(2025, 11, 24, 10, 0, 0, TimeSpan.FromHours(1)));
        completed.Root.Should().BeSameAs(structure.Root);
    }

    [Theory]
    [InlineData("Mon, 24 Nov 2025 10:00:00 +9999")]
    [InlineData("Mon, 32 Nov 2025 10:00:00 +0000")]
    [InlineData("99 99 99999")]
    [InlineData("1 Jan 0001 00:00:00 +1400")]
    [InlineData("31 Dec 9999 23:59:59 -1400")]
    public void Survives_the_date(string date)
        => Build(Encoding.ASCII.GetBytes($"Date: {date}\r\n\r\n")).Envelope.Date.Should().Be(date);

    private static void ShouldBe(BodyPart actual, BodyPart expected)
    {
        (actual.Type, actual.Subtype, actual.HeaderOffset, actual.BodyOffset, actual.BodyLength, actual.Lines, actual.Children.Count)
            .Should().Be((expected.Type, expected.Subtype, expected.HeaderOffset, expected.BodyOffset, expected.BodyLength, expected.Lines, expected.Children.Count));
        foreach (var (child, wanted) in actual.Children.Zip(expected.Children)) ShouldBe(child, wanted);
    }

    private static void ShouldBeSound(BodyPart part, byte[] octets)
    {
        if (part.HeaderOffset < 0 || part.BodyOffset < part.HeaderOffset || part.BodyLength < 0 || part.BodyOffset + part.BodyLength > octets.Length) Assert.Fail($"{part} lies outside");
        part.Lines.Should().Be(octets.AsSpan((int)part.BodyOffset, (int)part.BodyLength).Count((byte)'\n'));
        part.IsMultipart.Should().Be(part.Children.Count > 0 && !part.IsMessage);
        if (part.IsMessage) part.Children.Should().ContainSingle();
        var at = part.BodyOffset;
        foreach (var child in part.Children)
        {
            child.HeaderOffset.Should().BeGreaterThanOrEqualTo(at);
            at = child.BodyOffset + child.BodyLength;
            at.Should().BeLessThanOrEqualTo(part.BodyOffset + part.BodyLength);
            ShouldBeSound(child, octets);
        }
    }

    private static IEnumerable<BodyPart> Leaves(BodyPart part) => part.Children.Count == 0 ? [part] : part.Children.SelectMany(Leaves);

    private static MessageStructure Build(byte[] octets) => Build(octets, null, int.MaxValue);

    private static MessageStructure Build(byte[] octets, Random? random, int largest)
    {
        using var builder = new MessageStructureBuilder();
        for (var at = 0; at < octets.Length;)
        {
            var room = builder.GetMemory();
            var count = Math.Min(Math.Min(room.Length, octets.Length - at), random?.Next(1, largest + 1) ?? largest);
            octets.AsMemory(at, count).CopyTo(room);
            builder.Advance(count);
            at += count;
        }
        return builder.Complete();
    }

    private static readonly string[] Spices =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", "--", "--=_x", "\r\n--=_x\r\n", "\r\n--=_xx--\r\n", "\0", "\xff", "Content-Type: multipart/mixed; boundary==_x\r\n",
        "Content-Type: message/rfc822\r\n\r\n", "Content-Transfer-Encoding: base64\r\n", "To: <a@b", "(", "\"", "=?utf-8?q?", ";", " ", "\t", "From ",
    ];

    /// <summary>A corpus or random message with octets changed, taken out, put in or cut off.</summary>
    private static byte[] Mutated(int seed)
    {
        var random = new Random(seed);
        var corpus = Directory.GetFiles(CorpusTests.Folder, "*.eml");
        var octets = new List<byte>(random.Next(2) == 0 ? RandomMessage.Make(seed).Octets : File.ReadAllBytes(corpus[random.Next(corpus.Length)]));
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(octets.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < octets.Count:
                    octets[at] = (byte)random.Next(256);
                    break;
                case 1:
                    octets.RemoveRange(at, Math.Min(octets.Count - at, random.Next(20)));
                    break;
                case 2 when random.Next(4) == 0:
                    octets.RemoveRange(at, octets.Count - at);
                    break;
                default:
                    octets.InsertRange(at, Encoding.Latin1.GetBytes(Spices[random.Next(Spices.Length)]));
                    break;
            }
        }
        return [.. octets];
    }
}
