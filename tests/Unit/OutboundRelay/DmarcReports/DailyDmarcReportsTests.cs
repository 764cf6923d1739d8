using System.IO.Compression;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.OutboundRelay.DmarcReports;
using Merpati.Platform.Reports;
using Merpati.Platform.Sharing;
using Merpati.Storage;
using Merpati.Tests.Unit.OutboundRelay.Queue;
using Microsoft.Extensions.Hosting;
using MimeKit;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.DmarcReports;

/// <summary>Once a day each domain that wants it gets a report on its mail, as a mail of ours (RFC 7489 §7.2).</summary>
public sealed class DailyDmarcReportsTests
{
    private static readonly DmarcRow Row = new("192.0.2.7", 1, "none", true, false, [], "example.org", "example.org", [], new ReportedSpf("example.org", "fail"));

    [Fact]
    public async Task After_the_day_all_that_was_counted_is_one_mail_in_the_queue()
    {
        await using var f = Fixture();
        await CountAsync(f, "author.test", "v=DMARC1; p=reject; rua=mailto:reports@author.test", 2);
        await CountAsync(f, "author.test", "v=DMARC1; p=reject; rua=mailto:reports@author.test", 1);
        await SendAsync(f);
        (await EntriesAsync(f)).Should().BeEmpty("the day is not over");
        f.Time.Advance(TimeSpan.FromDays(1));
        await SendAsync(f);
        await SendAsync(f);
        var entry = (await EntriesAsync(f)).Should().ContainSingle().Which;
        entry.Should().Match<QueueEntry>(one => one.Route == QueueRoute.Relay && one.Destination == "author.test" && one.ReversePath.IsNull && one.Recipients[0].Recipient.Address.Equals(EmailAddress.Parse("reports@author.test")));
        var message = await ReadAsync(f, entry);
        message.From.ToString().Should().Be("dmarc@example.test");
        message.Subject.Should().MatchRegex("^Report Domain: author.test Submitter: example.test Report-ID: <[0-9a-f]{12}@example.test>$");
        message.Headers["Auto-Submitted"].Should().Be("auto-generated");
        var part = message.BodyParts.OfType<MimePart>().Single(one => one.ContentType.MimeType == "application/gzip");
        part.FileName.Should().MatchRegex("^example.test!author.test!1798761600!1798847999!([0-9a-f]{12})[.]xml[.]gz$");
        var xml = await UnpackAsync(part);
        xml.Should().Contain("<org_name>Ours</org_name>").And.Contain("<count>3</count>").And.Contain("<p>reject</p>");
        f.Journal.Events.Should().Contain(one => one.QueueId == entry.Id && one.Detail == "DMARC report for author.test");
    }

    [Theory]
    [InlineData("mailto:a@other.test", 0)]
    [InlineData("mailto:a@author.test!100", 0)]
    [InlineData("mailto:a@author.test!1m,mailto:a@other.test,mailto:b@author.test", 2)]
    public async Task Who_does_not_want_it_or_not_so_much_gets_none(string rua, int mails)
    {
        await using var f = Fixture();
        await CountAsync(f, "author.test", $"v=DMARC1; p=none; rua={rua}", 1);
        f.Time.Advance(TimeSpan.FromDays(1));
        await SendAsync(f);
        (await EntriesAsync(f)).Should().HaveCount(mails);
        (await f.Records.ListAsync(SharedDmarcDays.Kind, null, 10, default)).Should().BeEmpty("it is done");
    }

    [Fact]
    public async Task Where_DNS_does_not_say_whether_it_is_wanted_it_is_asked_again_in_the_next_round()
    {
        await using var f = Fixture();
        await CountAsync(f, "author.test", "v=DMARC1; p=none; rua=mailto:a@silent.test", 1);
        f.Time.Advance(TimeSpan.FromDays(1));
        await SendAsync(f);
        (await EntriesAsync(f)).Should().BeEmpty();
        (await f.Records.ListAsync(SharedDmarcDays.Kind, null, 10, default)).Should().ContainSingle();
    }

    private static RelayFixture Fixture() => RelayFixture.With(configure: keys =>
    {
        keys["reports:from"] = "dmarc@example.test";
        keys["reports:organization"] = "Ours";
    });

    private static async Task CountAsync(RelayFixture f, string domain, string record, int messages)
    {
        var days = new SharedDmarcDays(new DmarcReportCollector(f.Time, 10, 10), f.Records.Daily(SharedDmarcDays.Kind, f.Time));
        for (var i = 0; i < messages; i++) days.Count(domain, DmarcRecord.Parse(record)!, Row).Should().BeTrue();
        await days.SaveAsync(default);
    }

    private static Task SendAsync(RelayFixture f) => f.GetAll<IHostedService>().OfType<DailyDmarcReports>().Single().SendDueAsync(default);

    private static async Task<IReadOnlyList<QueueEntry>> EntriesAsync(RelayFixture f) => await f.Queue.BrowseAsync(new QueueFilter(), null, 100, default);

    private static async Task<MimeMessage> ReadAsync(RelayFixture f, QueueEntry entry)
    {
        await using var content = await f.Contents.OpenAsync(entry.Content, 0, entry.Size, default);
        return await MimeMessage.LoadAsync(content);
    }

    private static async Task<string> UnpackAsync(MimePart part)
    {
        using var packed = new MemoryStream();
        await part.Content!.DecodeToAsync(packed);
        packed.Position = 0;
        using var text = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return await text.ReadToEndAsync();
    }
}
