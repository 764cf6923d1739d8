using Merpati.Mailboxes;

namespace Merpati.Tests.Contracts.Mailboxes;

/// <summary>Structures with something in every field.</summary>
public static class Samples
{
    public static MessageStructure Structure(string subject, string? messageId = null) => new()
    {
        Envelope = Envelope(subject, messageId),
        Preview = "Dear Bob, grüße aus 東京 🙂",
        References = ["<1@example.test>", "<2@example.test>"],
        SentDate = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromMinutes(-210)),
        Root = new BodyPart
        {
            Type = "multipart",
            Subtype = "mixed",
            Parameters = [new BodyParameter("boundary", "b1")],
            BodyOffset = 500,
            BodyLength = 70_000_000_000,
            Lines = 40,
            Children =
            [
                new BodyPart { Type = "text", Subtype = "plain", Parameters = [new BodyParameter("charset", "utf-8")], HeaderOffset = 510, BodyOffset = 560, BodyLength = 100, Lines = 4 },
                new BodyPart
                {
                    Type = "message",
                    Subtype = "rfc822",
                    Id = "<part@example.test>",
                    Description = "",
                    Encoding = "8bit",
                    Md5 = "Q2hlY2sgSW50ZWdyaXR5IQ==",
                    Disposition = "attachment",
                    DispositionParameters = [new BodyParameter("filename", "naïve.eml")],
                    Languages = ["de", "en"],
                    Location = "https://example.test/",
                    Envelope = new MessageEnvelope(),
                    Children = [new BodyPart { Type = "text", Subtype = "html", Encoding = "base64" }],
                },
            ],
        },
    };

    private static MessageEnvelope Envelope(string subject, string? messageId) => new()
    {
        Date = "Tue, 3 Feb 2026 04:05:06 -0330",
        Subject = subject,
        From = [new EnvelopeAddress("Ann", null, "ann", "example.test")],
        Sender = [new EnvelopeAddress("Ann", "@relay.test", "ann", "example.test")],
        ReplyTo = [new EnvelopeAddress(null, null, "friends", null), new EnvelopeAddress("", null, "bob", "example.test"), new EnvelopeAddress(null, null, null, null)],
        To = [new EnvelopeAddress(null, null, "bob", "example.test")],
        Cc = [new EnvelopeAddress(null, null, "carol", "example.test")],
        Bcc = [new EnvelopeAddress(null, null, "dave", "example.test")],
        InReplyTo = "<1@example.test>",
        MessageId = messageId,
    };
}
