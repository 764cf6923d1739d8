using AwesomeAssertions;
using Google.Protobuf;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Xunit;
using BodyParameter = Merpati.Mailboxes.BodyParameter;
using BodyPart = Merpati.Mailboxes.BodyPart;
using EnvelopeAddress = Merpati.Mailboxes.EnvelopeAddress;
using HeaderRewrite = Merpati.Mailboxes.HeaderRewrite;
using MessageEnvelope = Merpati.Mailboxes.MessageEnvelope;
using MessageStructure = Merpati.Mailboxes.MessageStructure;

namespace Merpati.Tests.Unit.Protos;

public sealed class MessageStructureCodecTests
{
    private static readonly MessageStructure Bare = new() { Envelope = new MessageEnvelope(), Root = new BodyPart { Type = "text", Subtype = "plain" } };

    [Fact]
    public void RandomStructuresComeBackAsTheyWere()
    {
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var structure = RandomStructure(random);
            Same(MessageStructureCodec.Decode(MessageStructureCodec.Encode(structure)), structure);
        }
    }

    [Fact]
    public void TheOctetsAreThoseOfTheProto()
    {
        var random = new Random(8);
        for (var i = 0; i < 100; i++)
        {
            var octets = MessageStructureCodec.Encode(RandomStructure(random));
            Merpati.Mailboxes.V1.MessageStructure.Parser.ParseFrom(octets).ToByteArray().Should().Equal(octets);
        }
    }

    [Fact]
    public void NilAndEmptyAreTwoThings()
    {
        var structure = Bare with { Envelope = new MessageEnvelope { Subject = "", From = [new EnvelopeAddress(null, "", null, null)] }, Root = Bare.Root with { Description = "" } };

        var decoded = MessageStructureCodec.Decode(MessageStructureCodec.Encode(structure));

        decoded.Envelope.Subject.Should().BeEmpty();
        decoded.Envelope.InReplyTo.Should().BeNull();
        decoded.Envelope.From.Should().Equal(new EnvelopeAddress(null, "", null, null));
        decoded.Root.Description.Should().BeEmpty();
        decoded.Root.Id.Should().BeNull();
        decoded.SentDate.Should().BeNull();
    }

    [Fact]
    public void FieldsOfALaterVersionAreSkipped()
    {
        byte[] later = [.. MessageStructureCodec.Encode(Bare), 0xa0, 0x06, 0x96, 0x01, 0xa9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8, 0xb2, 0x06, 2, 1, 2, 0xbd, 0x06, 1, 2, 3, 4];

        Same(MessageStructureCodec.Decode(later), Bare);
    }

    [Fact]
    public void DamagedOctetsAreAnInvalidDataExceptionAndNothingElse()
    {
        var random = new Random(9);
        var octets = MessageStructureCodec.Encode(RandomStructure(random));
        for (var length = 0; length < octets.Length; length++) Try(octets[..length]);
        for (var i = 0; i < 5000; i++)
        {
            var damaged = (byte[])octets.Clone();
            for (var n = random.Next(1, 4); n > 0; n--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Try(damaged);
        }

        static void Try(byte[] damaged)
        {
            try { MessageStructureCodec.Decode(damaged); }
            catch (InvalidDataException) { }
        }
    }

    [Fact]
    public void PartsWithinPartsAreReadToALimit()
    {
        var part = Bare.Root;
        for (var depth = 0; depth < 90; depth++) part = new BodyPart { Type = "multipart", Subtype = "mixed", Children = [part] };
        Same(MessageStructureCodec.Decode(MessageStructureCodec.Encode(Bare with { Root = part })), Bare with { Root = part });

        for (var depth = 0; depth < 200; depth++) part = new BodyPart { Type = "multipart", Subtype = "mixed", Children = [part] };
        var deep = MessageStructureCodec.Encode(Bare with { Root = part });
        FluentActions.Invoking(() => MessageStructureCodec.Decode(deep)).Should().Throw<InvalidDataException>();
    }

    /// <summary>Records compare lists by reference, so the comparison is of the octets and of what a person would read.</summary>
    private static void Same(MessageStructure actual, MessageStructure expected)
    {
        MessageStructureCodec.Encode(actual).Should().Equal(MessageStructureCodec.Encode(expected));
        (actual.Preview, actual.SentDate, actual.SentDate?.Offset).Should().Be((expected.Preview, expected.SentDate, expected.SentDate?.Offset));
        actual.Envelope.Bcc.Should().Equal(expected.Envelope.Bcc);
        actual.Root.DispositionParameters.Should().Equal(expected.Root.DispositionParameters);
        actual.Downgrades.Should().Equal(expected.Downgrades);
    }

    private static MessageStructure RandomStructure(Random random) => new()
    {
        Envelope = RandomEnvelope(random),
        Root = RandomPart(random, 0),
        Preview = Text(random) ?? "",
        References = List(random, () => Text(random) ?? ""),
        SentDate = random.Next(3) == 0 ? null : new DateTimeOffset(1900 + random.Next(200), 1, 2, 3, 4, 5, random.Next(1000), TimeSpan.FromMinutes(random.Next(-840, 841))),
        Downgrades = List(random, () => new HeaderRewrite(random.NextInt64(long.MaxValue), random.Next(), random.Next(100), Text(random) ?? "")),
    };

    private static MessageEnvelope RandomEnvelope(Random random) => new()
    {
        Date = Text(random),
        Subject = Text(random),
        From = Addresses(random),
        Sender = Addresses(random),
        ReplyTo = Addresses(random),
        To = Addresses(random),
        Cc = Addresses(random),
        Bcc = Addresses(random),
        InReplyTo = Text(random),
        MessageId = Text(random),
    };

    private static BodyPart RandomPart(Random random, int depth) => new()
    {
        Type = Text(random) ?? "text",
        Subtype = Text(random) ?? "plain",
        Parameters = Parameters(random),
        Id = Text(random),
        Description = Text(random),
        Encoding = Text(random) ?? "7bit",
        Md5 = Text(random),
        Disposition = Text(random),
        DispositionParameters = Parameters(random),
        Languages = List(random, () => Text(random) ?? ""),
        Location = Text(random),
        HeaderOffset = random.NextInt64(),
        BodyOffset = random.Next(1000),
        BodyLength = random.NextInt64(),
        Lines = random.Next(3),
        Envelope = random.Next(3) == 0 ? RandomEnvelope(random) : null,
        Children = depth > 3 ? [] : List(random, () => RandomPart(random, depth + 1)),
    };

    private static IReadOnlyList<EnvelopeAddress> Addresses(Random random) => List(random, () => new EnvelopeAddress(Text(random), Text(random), Text(random), Text(random)));

    private static IReadOnlyList<BodyParameter> Parameters(Random random) => List(random, () => new BodyParameter(Text(random) ?? "", Text(random) ?? ""));

    private static List<T> List<T>(Random random, Func<T> item) => [.. Enumerable.Range(0, random.Next(3)).Select(_ => item())];

    private static string? Text(Random random) => random.Next(5) switch
    {
        0 => null,
        1 => "",
        2 => "Grüße, 東京 🙂",
        3 => "a\0b\r\n\"\\",
        _ => new string('x', random.Next(300)),
    };
}
