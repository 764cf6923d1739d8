using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using MimeKit;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

public sealed class DsnBuilderTests
{
    private const string Original = "Received: by mx\r\nSubject: gr\u00fc\u00dfe\r\n\r\nThe body.\r\n--not a boundary\r\n";

    private static readonly DeliveryReport Report = new()
    {
        ReportingMta = "mx.example.test",
        From = EmailAddress.Parse("MAILER-DAEMON@mx.example.test"),
        To = EmailAddress.Parse("ann@example.org"),
        MessageId = "r1@mx.example.test",
        Date = new DateTimeOffset(2025, 11, 24, 10, 0, 0, TimeSpan.Zero),
        ArrivalDate = new DateTimeOffset(2025, 11, 24, 9, 0, 0, TimeSpan.FromHours(1)),
        EnvelopeId = "QQ+2B314159",
        Recipients =
        [
            new ReportedRecipient
            {
                Recipient = new EnvelopeRecipient(EmailAddress.Parse("bob@example.test"), DsnNotify.Failure, "rfc822;Bob+2Btag@example.com"),
                Status = "5.2.2",
                Diagnostic = "552 5.2.2 The mailbox is full",
            },
        ],
    };

    [Fact]
    public async Task Is_a_multipart_report_with_three_parts()
    {
        var report = MultipartOf(await WriteAsync(Report), out var message);
        message.Headers["Auto-Submitted"].Should().Be("auto-replied");
        message.To.ToString().Should().Be("ann@example.org");
        message.From.Mailboxes.Single().Address.Should().Be("MAILER-DAEMON@mx.example.test");
        message.MessageId.Should().Be("r1@mx.example.test");
        report.ContentType.Parameters["report-type"].Should().Be("delivery-status");
        report.Should().HaveCount(3);
        ((TextPart)report[0]).Text.Should().Contain("<bob@example.test>").And.Contain("The mailbox is full");
    }

    [Fact]
    public async Task Tells_machines_what_happened_to_whom()
    {
        var status = ((MessageDeliveryStatus)MultipartOf(await WriteAsync(Report), out _)[1]).StatusGroups;
        status.Should().HaveCount(2);
        status[0]["Original-Envelope-Id"].Should().Be("QQ+314159");
        status[0]["Reporting-MTA"].Should().Be("dns; mx.example.test");
        status[0]["Arrival-Date"].Should().Be("Mon, 24 Nov 2025 09:00:00 +0100");
        status[1]["Original-Recipient"].Should().Be("rfc822; Bob+tag@example.com");
        status[1]["Final-Recipient"].Should().Be("rfc822; bob@example.test");
        status[1]["Action"].Should().Be("failed");
        status[1]["Status"].Should().Be("5.2.2");
        status[1]["Diagnostic-Code"].Should().Be("smtp; 552 5.2.2 The mailbox is full");
    }

    [Theory]
    [InlineData(DsnReturn.Unspecified)]
    [InlineData(DsnReturn.Headers)]
    public async Task Returns_the_header_only_unless_asked(DsnReturn ret)
    {
        var octets = await WriteAsync(Report with { Return = ret });
        var part = MultipartOf(octets, out _)[2];
        part.ContentType.MimeType.Should().Be("text/rfc822-headers");
        Encoding.UTF8.GetString(octets).Should().Contain("\r\n\r\nReceived: by mx\r\nSubject: gr\u00fc\u00dfe\r\n\r\n--").And.NotContain("The body.");
    }

    [Fact]
    public async Task Returns_the_whole_message_byte_for_byte_when_asked()
    {
        var octets = await WriteAsync(Report with { Return = DsnReturn.Full });
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None);
        var part = structure.Root.Children[2];
        part.Envelope!.Subject.Should().Be("gr\u00fc\u00dfe");
        Encoding.UTF8.GetString(octets, (int)part.BodyOffset, (int)part.BodyLength).Should().Be(Original);
    }

    [Fact]
    public async Task Takes_the_forms_of_RFC_6533_for_SMTPUTF8()
    {
        var international = Report with
        {
            SmtpUtf8 = true,
            Return = DsnReturn.Headers,
            Recipients = [Report.Recipients[0] with { Recipient = new EnvelopeRecipient(EmailAddress.Parse("gr\u00fc\u00dfe@example.test"), OriginalRecipient: @"utf-8;gr\x{FC}\x{DF}e@example.test") }],
        };
        var octets = await WriteAsync(international);
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None);
        structure.Root.Children.Select(part => $"{part.Type}/{part.Subtype}").Should().Equal("text/plain", "message/global-delivery-status", "message/global-headers");
        var text = Encoding.UTF8.GetString(octets);
        text.Should().Contain("Original-Recipient: utf-8; gr\u00fc\u00dfe@example.test\r\n").And.Contain("Final-Recipient: utf-8; gr\u00fc\u00dfe@example.test\r\n");
    }

    [Fact]
    public async Task Lets_no_remote_write_fields_of_its_own()
    {
        var hostile = Report with
        {
            EnvelopeId = "a+0D+0AX-Evil:+20yes",
            Recipients = [Report.Recipients[0] with { Diagnostic = "550 no\r\n\r\nAction: delivered\r\n" + new string('x', 5000), RemoteMta = "mx\r\nX-Evil: yes" }],
        };
        var text = Encoding.UTF8.GetString(await WriteAsync(hostile));
        text.Should().NotContain("\nX-Evil").And.NotContain("\nAction: delivered");
        text.Split('\n').Max(line => line.Length).Should().BeLessThan(998);
    }

    [Fact]
    public async Task Ends_an_endless_header_at_a_line()
    {
        var header = new StringBuilder();
        while (header.Length < 1_000_000) header.Append("X-Endless: yes\r\n");
        var octets = await WriteAsync(Report, header.ToString());
        octets.Length.Should().BeLessThan(200_000);
        Encoding.ASCII.GetString(octets).Should().MatchRegex("X-Endless: yes\r\n\r\n--report-[0-9a-f]{32}--\r\n$");
    }

    private static Multipart MultipartOf(byte[] octets, out MimeMessage message)
    {
        message = MimeMessage.Load(new MemoryStream(octets));
        return (Multipart)message.Body!;
    }

    private static async Task<byte[]> WriteAsync(DeliveryReport report, string original = Original)
    {
        using var destination = new MemoryStream();
        await DsnBuilder.WriteAsync(report, new MemoryStream(Encoding.UTF8.GetBytes(original)), destination, CancellationToken.None);
        var octets = destination.ToArray();
        Encoding.UTF8.GetString(octets).Replace("\r\n", "", StringComparison.Ordinal).Should().NotContainAny("\r", "\n");
        return octets;
    }
}
