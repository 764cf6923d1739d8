using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Json;
using AwesomeAssertions;
using Merpati.Mail.Dns;
using Merpati.Relaying;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>TLS reports: where they go, what is counted, and how they are written (RFC 8460).</summary>
public sealed class TlsReportTests
{
    private static readonly ReportedPolicy Sts = new(ReportedPolicyType.Sts, "company-y.example", ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"], ["*.mail.company-y.example"]);
    private static readonly ReportedPolicy Nothing = ReportedPolicy.Nothing("company-y.example");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2016, 4, 1, 10, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("reports@example.com", null, "v=TLSRPTv1; rua=mailto:reports@example.com")]
    [InlineData(null, "https://reporting.example.com/v1/tlsrpt?a=b", "v=TLSRPTv1;rua=https://reporting.example.com/v1/tlsrpt?a=b;")]
    [InlineData("a@example.com", "https://x.example/", "v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@example.com,https://x.example/,http://y.example/,ftp://z.example")]
    [InlineData("a+b@example.com", null, "v=TLSRPTv1; rua=mailto:a%2Bb@example.com?subject=x; x=y")]
    public void Targets_are_read(string? mailto, string? https, params string[] texts)
    {
        var record = TlsReportingRecord.Find(texts)!;
        record.Mailto.Should().Equal(mailto is null ? [] : [mailto]);
        record.Https.Select(uri => uri.ToString()).Should().Equal(https is null ? [] : [https]);
    }

    [Theory]
    [InlineData("v=TLSRPTv1")]
    [InlineData("v=TLSRPTv1; rua=")]
    [InlineData("v=TLSRPTv1; rua=mailto:nobody")]
    [InlineData("v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example")]
    [InlineData("v=TLSRPTv2; rua=mailto:a@b.example")]
    public void What_names_no_target_is_no_record(params string[] texts) => TlsReportingRecord.Find(texts).Should().BeNull();

    [Fact]
    public async Task The_record_is_looked_up_below_the_domain()
    {
        await using var dns = DnsFixture.With("""_smtp._tls.example.org TXT "v=TLSRPTv1; rua=" "mailto:tls@example.org" """);
        (await TlsReportingRecord.FindAsync(dns.Dns, "example.org", CancellationToken.None))!.Mailto.Should().Equal("tls@example.org");
        (await TlsReportingRecord.FindAsync(dns.Dns, "example.com", CancellationToken.None)).Should().BeNull();
    }

    [Fact]
    public void Sessions_are_counted_by_day_domain_policy_and_failure()
    {
        var collector = new TlsReportCollector(_time);
        var expired = new TlsSessionFailure(TlsFailure.CertificateExpired, "mx1.mail.company-y.example", null, IPAddress.Parse("2001:db8::2"), IPAddress.Parse("2001:db8::1"));
        for (var i = 0; i < 3; i++) collector.Success("company-y.example", Sts);
        for (var i = 0; i < 2; i++) collector.Failure("company-y.example", Sts with { Mx = ["*.mail.company-y.example"] }, expired with { });
        collector.Failure("company-y.example", Sts, new TlsSessionFailure(TlsFailure.StartTlsNotSupported));
        collector.Success("company-y.example", Nothing);
        collector.Success("other.example", ReportedPolicy.Nothing("other.example"));
        var today = DateOnly.FromDateTime(_time.GetUtcNow().UtcDateTime);
        collector.TakeBefore(today).Should().BeEmpty();

        _time.Advance(TimeSpan.FromDays(1));
        collector.Success("company-y.example", Sts);
        var taken = collector.TakeBefore(today.AddDays(1));
        taken.Select(domain => domain.Domain).Should().BeEquivalentTo("company-y.example", "other.example");
        var policies = taken.Single(domain => domain.Domain == "company-y.example").Policies;
        policies.Should().HaveCount(2);
        var sts = policies.Single(policy => policy.Policy.Equals(Sts));
        (sts.Successes, sts.Failures).Should().Be((3, 3));
        sts.Details.Should().Equal(new CountedFailure(expired, 2), new CountedFailure(new TlsSessionFailure(TlsFailure.StartTlsNotSupported), 1));
        collector.TakeBefore(today.AddDays(1)).Should().BeEmpty();
        collector.TakeBefore(today.AddDays(2)).Should().ContainSingle();
    }

    [Fact]
    public void What_strangers_cause_to_be_counted_stays_small()
    {
        var collector = new TlsReportCollector(_time, maxDomains: 5, maxPolicies: 3, maxDetails: 4, maxOctets: 100_000);
        for (var i = 0; i < 1000; i++)
        {
            var number = i.ToString(CultureInfo.InvariantCulture);
            collector.Failure($"d{i % 10}.example", Sts with { Text = [number, new string('x', 1000)] }, new TlsSessionFailure(TlsFailure.ValidationFailure, Detail: number + new string('y', 10_000)));
        }
        _time.Advance(TimeSpan.FromDays(1));
        var taken = collector.TakeBefore(DateOnly.MaxValue);
        taken.Should().HaveCount(5);
        taken.Sum(domain => domain.Policies.Sum(policy => policy.Failures)).Should().Be(500);
        taken.Should().OnlyContain(domain => domain.Policies.Count <= 6 && domain.Policies.All(policy => policy.Details.Count <= 4));
        taken.SelectMany(domain => domain.Policies).SelectMany(policy => policy.Details).Should().OnlyContain(detail => detail.Failure.Detail!.Length <= 300);
    }

    [Fact]
    public void Days_that_nobody_asks_for_make_room()
    {
        var collector = new TlsReportCollector(_time, maxDomains: 2);
        collector.Success("a.example", Nothing);
        collector.Success("b.example", Nothing);
        _time.Advance(TimeSpan.FromDays(4));
        collector.Success("c.example", Nothing);
        collector.TakeBefore(DateOnly.MaxValue).Should().ContainSingle().Which.Domain.Should().Be("c.example");
    }

    [Fact]
    public void The_document_is_that_of_the_RFC()
    {
        var failures = new CountedFailure[]
        {
            new(new TlsSessionFailure(TlsFailure.CertificateExpired, "mx1.mail.company-y.example", null, null, IPAddress.Parse("2001:db8:abcd:12::1")), 100),
            new(new TlsSessionFailure(TlsFailure.StartTlsNotSupported, "mx2.mail.company-y.example", "mx2", IPAddress.Parse("203.0.113.56"), IPAddress.Parse("2001:db8:abcd:13::1")), 200),
            new(new TlsSessionFailure(TlsFailure.ValidationFailure, "mx-backup.mail.company-y.example", null, IPAddress.Parse("203.0.113.58"), IPAddress.Parse("198.51.100.62"), "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"), 3),
        };
        var sessions = new DomainSessions("company-y.example", new DateOnly(2016, 4, 1), [new PolicySessions(Sts, 5326, 303, failures)]);
        var report = new TlsReport("Company-X", "sts-reporting@company-x.example", "company-x.example", "5065427c", sessions);

        JsonDocument.Parse(report.ToJson()).RootElement.ToString().Should().Be(JsonSerializer.Serialize(JsonDocument.Parse("""
            {
              "organization-name": "Company-X",
              "date-range": { "start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z" },
              "contact-info": "sts-reporting@company-x.example",
              "report-id": "2016-04-01T00:00:00Z_company-y.example_5065427c",
              "policies": [{
                "policy": {
                  "policy-type": "sts",
                  "policy-string": ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"],
                  "policy-domain": "company-y.example",
                  "mx-host": ["*.mail.company-y.example"]
                },
                "summary": { "total-successful-session-count": 5326, "total-failure-session-count": 303 },
                "failure-details": [
                  { "result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:12::1", "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100 },
                  { "result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:13::1", "receiving-mx-hostname": "mx2.mail.company-y.example", "receiving-mx-helo": "mx2", "receiving-ip": "203.0.113.56", "failed-session-count": 200 },
                  { "result-type": "validation-failure", "sending-mta-ip": "198.51.100.62", "receiving-mx-hostname": "mx-backup.mail.company-y.example", "receiving-ip": "203.0.113.58", "failed-session-count": 3, "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED" }
                ]
              }]
            }
            """)));
        report.FileName.Should().Be("company-x.example!company-y.example!1459468800!1459555199!5065427c.json.gz");
        report.Subject.Should().Be("Report Domain: company-y.example Submitter: company-x.example Report-ID: <5065427c@company-x.example>");

        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(report.ToGzip()), CompressionMode.Decompress)) gzip.CopyTo(unpacked);
        unpacked.ToArray().Should().Equal(report.ToJson());
    }

    [Fact]
    public void Every_failure_has_its_word()
    {
        string[] words = ["starttls-not-supported", "certificate-host-mismatch", "certificate-expired", "certificate-not-trusted", "validation-failure", "tlsa-invalid", "dnssec-invalid", "dane-required", "sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"];
        Enum.GetValues<TlsFailure>().Select(TlsReport.ResultType).Should().BeEquivalentTo(words);
    }
}
