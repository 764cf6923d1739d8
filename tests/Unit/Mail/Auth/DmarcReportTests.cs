using System.IO.Compression;
using System.Xml.Linq;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Aggregate reports: where they go, what is counted, and how they are written (RFC 7489 §6.2, §7.1, §7.2, RFC 9990).</summary>
public sealed class DmarcReportTests
{
    private static readonly DmarcRecord Record = DmarcRecord.Parse("v=DMARC1; p=reject; sp=none; adkim=s; rua=mailto:a@example.org")!;
    private static readonly DmarcRow Row = new("192.0.2.7", 1, "none", true, false, [], "example.org", "bounce.example.org", [new ReportedSignature("example.org", "sel", "pass")], new ReportedSpf("bounce.example.org", "softfail"));

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2027, 1, 1, 23, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("mailto:a@example.org", "a@example.org", null)]
    [InlineData("MAILTO:a@Example.org!10m", "a@example.org", 10L * 1024 * 1024)]
    [InlineData("mailto:a@example.org!7", "a@example.org", 7L)]
    [InlineData("mailto:a@example.org!2T", "a@example.org", 2L << 40)]
    [InlineData("mailto:a%21c@example.org?subject=x", "a!c@example.org", null)]
    [InlineData("mailto:a@example.org!", null, null)]
    [InlineData("mailto:a@example.org!10x", null, null)]
    [InlineData("mailto:a@example.org!1!2", null, null)]
    [InlineData("mailto:nobody", null, null)]
    [InlineData("https://example.org/", null, null)]
    public void A_target_has_an_address_and_maybe_a_limit(string uri, string? address, long? limit)
    {
        var found = DmarcReportUri.Parse(uri);
        if (address is null) found.Should().BeEmpty();
        else found.Should().ContainSingle().Which.Should().Match<DmarcReportUri>(one => one.MaxOctets == limit && one.Address.ToString() == address);
    }

    [Fact]
    public void Of_many_targets_the_first_few_count_and_each_once()
        => DmarcReportUri.Parse("mailto:a@a.test, mailto:a@a.test,ftp:x,mailto:b@a.test,mailto:c@a.test,mailto:d@a.test,mailto:e@a.test,mailto:f@a.test")
            .Select(one => one.Address.LocalPart).Should().Equal("a", "b", "c", "d", "e");

    [Theory]
    [InlineData("a@example.org", "a@example.org")]
    [InlineData("a@reports.example.org", "a@reports.example.org")]
    [InlineData("a@willing.test", "a@willing.test")]
    [InlineData("a@star.test", "a@star.test")]
    [InlineData("a@moved.test", "b@moved.test")]
    [InlineData("a@abused.test", "")]
    [InlineData("a@victim.test", "")]
    [InlineData("a@other.test", "")]
    [InlineData("a@silent.test", null)]
    public async Task Whoever_is_elsewhere_has_to_want_the_reports(string target, string? to)
    {
        var dns = Zone.Of("""
            _dmarc.example.org TXT "v=DMARC1; p=none"
            mail.example.org._report._dmarc.willing.test TXT "v=DMARC1"
            mail.example.org._report._dmarc.star.test TXT "v=DMARC1;"
            mail.example.org._report._dmarc.moved.test TXT "v=DMARC1; rua=mailto:b@moved.test"
            mail.example.org._report._dmarc.abused.test TXT "v=DMARC1; rua=mailto:b@victim.test"
            mail.example.org._report._dmarc.other.test TXT "anything else"
            mail.example.org._report._dmarc.silent.test !TIMEOUT
            """);
        foreach (var discovery in Enum.GetValues<DmarcDiscovery>())
        {
            var verified = await DmarcReportUri.Parse("mailto:" + target).Single().VerifyAsync("mail.example.org", discovery, dns, CancellationToken.None);
            if (to is null) verified.Should().BeNull();
            else verified!.Select(one => one.Address.ToString()).Should().Equal(to.Split(',', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public void A_report_has_the_elements_in_their_order()
    {
        var begin = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var hostile = Row with { Source = "2001:db8::1", Count = 3, Disposition = "quarantine", DkimAligned = false, Overrides = [new ReportedOverride("local_policy", "because\u0001 <of> \ud800")], EnvelopeFrom = "", Spf = null };
        var report = new DmarcReport("Ours & Co", "dmarc@ours.test", null, "abc@ours.test", begin, begin.AddDays(1).AddSeconds(-1), ["x"], PublishedPolicy.Of("example.org", Record with { Discovery = DmarcDiscovery.TreeWalk }), [Row, hostile]);
        report.FileName("ours.test").Should().Be("ours.test!example.org!1798761600!1798847999!abc.xml.gz");
        report.Subject("ours.test").Should().Be("Report Domain: example.org Submitter: ours.test Report-ID: <abc@ours.test>");
        using var gzip = new GZipStream(new MemoryStream(DmarcReportWriter.ToGzip(report, "Merpati 1")), CompressionMode.Decompress);
        var root = XDocument.Load(gzip).Root!;
        root.Name.Should().Be(XName.Get("feedback", "urn:ietf:params:xml:ns:dmarc-2.0"));
        Flat(root.Elements().Take(3)).Should().Be("version=1.0 report_metadata(org_name=Ours & Co email=dmarc@ours.test report_id=abc@ours.test date_range(begin=1798761600 end=1798847999) error=x generator=Merpati 1) "
            + "policy_published(domain=example.org discovery_method=treewalk p=reject sp=none adkim=s aspf=r testing=n)");
        Flat(root.Elements().Skip(3)).Should().Be(
            "record(row(source_ip=192.0.2.7 count=1 policy_evaluated(disposition=none dkim=pass spf=fail)) identifiers(header_from=example.org envelope_from=bounce.example.org) auth_results(dkim(domain=example.org selector=sel result=pass) spf(domain=bounce.example.org scope=mfrom result=softfail))) "
            + "record(row(source_ip=2001:db8::1 count=3 policy_evaluated(disposition=quarantine dkim=fail spf=fail reason(type=local_policy comment=because <of> \ufffd))) identifiers(header_from=example.org envelope_from=) auth_results(dkim(domain=example.org selector=sel result=pass)))");
    }

    [Fact]
    public void Messages_that_fared_alike_are_one_row_and_what_has_no_room_is_a_number()
    {
        var collector = new DmarcReportCollector(_time, maxDomains: 2, maxRows: 2);
        collector.Count("example.org", Record, Row).Should().BeTrue();
        collector.Count("example.org", Record, Row with { Signatures = [.. Row.Signatures] }).Should().BeTrue();
        collector.Count("example.org", Record, Row with { Source = "192.0.2.8" }).Should().BeTrue();
        collector.Count("example.org", Record, Row with { Source = "192.0.2.9" }).Should().BeFalse();
        collector.Count("two.test", Record, Row).Should().BeTrue();
        collector.Count("three.test", Record, Row).Should().BeFalse();
        var day = collector.TakeChanged().Should().HaveCount(2).And.Subject.First();
        day.Rows.Select(row => (row.Source, row.Count)).Should().Equal(("192.0.2.7", 2), ("192.0.2.8", 1));
        day.Unlisted.Should().Be(1);
        collector.TakeChanged().Should().BeEmpty();
    }

    [Fact]
    public void What_a_stranger_makes_grow_has_an_end_in_octets()
    {
        var collector = new DmarcReportCollector(_time, maxDomains: 100_000, maxRows: 100_000, maxOctets: 20_000);
        Enumerable.Range(0, 1000).Count(i => collector.Count("example.org", Record, Row with { EnvelopeFrom = $"{i}.example.org" })).Should().BeLessThan(40);
        collector.Count("example.net", Record, Row).Should().BeFalse();
        _time.Advance(TimeSpan.FromDays(4));
        collector.Count("example.net", Record, Row).Should().BeTrue("what nobody took does not keep out today's");
    }

    [Fact]
    public void What_several_processes_counted_is_one_report_under_the_policy_that_was_seen_last()
    {
        var one = new DmarcReportCollector(_time, 10, 10);
        var other = new DmarcReportCollector(_time, 10, 10);
        one.Count("example.org", Record, Row);
        _time.Advance(TimeSpan.FromMinutes(1));
        other.Count("example.org", DmarcRecord.Parse("v=DMARC1; p=none; rua=mailto:b@example.org")!, Row);
        other.Count("example.org", Record with { Text = "v=DMARC1; p=none; rua=mailto:b@example.org" }, Row with { Source = "192.0.2.8" });
        var together = DmarcDay.Together([.. other.TakeChanged(), .. one.TakeChanged()]);
        together.Record.Should().Contain("p=none");
        together.Rows.Select(row => (row.Source, row.Count)).Should().Equal(("192.0.2.7", 2), ("192.0.2.8", 1));
    }

    private static string Flat(IEnumerable<XElement> elements)
        => string.Join(' ', elements.Select(element => element.HasElements ? $"{element.Name.LocalName}({Flat(element.Elements())})" : $"{element.Name.LocalName}={element.Value}"));
}
