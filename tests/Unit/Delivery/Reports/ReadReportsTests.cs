using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Dns;
using Merpati.Platform.Reports;
using Merpati.Queueing;
using Merpati.Relaying;
using Merpati.Timeline;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.Delivery.Reports;

/// <summary>Bounces, complaints and DMARC reports that come in: they are delivered like all mail, and what they prove is believed (RFC 3464, RFC 5965, RFC 7489 §7.2).</summary>
public sealed class ReadReportsTests
{
    private static readonly EmailAddress Ann = EmailAddress.Parse("ann@example.test");
    private static readonly EmailAddress Bob = EmailAddress.Parse("bob@remote.test");

    private readonly DeliveryFixture _f = new();

    public ReadReportsTests() => _f.Account("ann@example.test");

    [Fact]
    public async Task A_bounce_after_the_250_stands_in_the_timeline_of_the_message()
    {
        var sent = await SentAsync("bob@remote.test");
        var report = await ComesAsync(Bounce("bob@remote.test", "5.2.2", sent), "ann@example.test");
        (await _f.Journal.ReadAsync(sent, default)).Should().ContainSingle(step => step.Step == TimelineStep.Bounced)
            .Which.Should().Match<TimelineEvent>(step => step.Recipient == "bob@remote.test" && step.Detail == $"5.2.2 after it was taken, as mx.remote.test reports in {report}: 550 no");
        (await _f.LedgerAsync()).Closed.Should().ContainKey(Merpati.Storage.RecipientState.Delivered, "it reaches its recipient");
    }

    [Fact]
    public async Task An_address_that_does_not_exist_on_three_days_is_sent_no_more()
    {
        for (var day = 0; day < 3; day++)
        {
            (await SuppressedAsync(Bob, null)).Should().BeFalse();
            await ComesAsync(Bounce("bob@remote.test", "5.1.1", await SentAsync("bob@remote.test")), "ann@example.test");
            _f.Time.Advance(TimeSpan.FromDays(1));
        }
        (await SuppressedAsync(Bob, null)).Should().BeTrue();
    }

    [Theory]
    [InlineData("another queue id")]
    [InlineData("another recipient")]
    [InlineData("to another than the sender")]
    [InlineData("not relayed")]
    [InlineData("a full mailbox")]
    [InlineData("forwarded by the recipient")]
    public async Task Whoever_cannot_prove_it_puts_nobody_on_the_list(string forgery)
    {
        _f.Account("eve@example.test");
        for (var day = 0; day < 4; day++)
        {
            var sent = forgery == "not relayed" ? await SentAsync() : await SentAsync("bob@remote.test");
            var text = forgery switch
            {
                "another queue id" => Bounce("bob@remote.test", "5.1.1", QueueId.New(_f.Time)),
                "another recipient" => Bounce("carol@remote.test", "5.1.1", sent),
                "a full mailbox" => Bounce("bob@remote.test", "5.2.2", sent),
                "forwarded by the recipient" => Bounce("bob@elsewhere.test", "5.1.1", sent),
                _ => Bounce("bob@remote.test", "5.1.1", sent),
            };
            await ComesAsync(text, forgery == "to another than the sender" ? "eve@example.test" : "ann@example.test");
            _f.Time.Advance(TimeSpan.FromDays(1));
        }
        (await _f.Suppressions.ListAsync(null, null, 10, default)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("evil.test", false)]
    [InlineData("remote.test", true)]
    [InlineData("fbl.remote.test", true)]
    public async Task Of_several_recipients_one_cannot_speak_for_another(string? reporter, bool believed)
    {
        var sent = await SentAsync("bob@remote.test", "eve@evil.test");
        await ComesAsync(Complaint("abuse", sent, "bob@remote.test"), "ann@example.test", reporter is null ? "" : Passed(reporter));
        (await SuppressedAsync(Bob, Ann)).Should().Be(believed);
        _f.Journal.Events.Should().ContainSingle(step => step.QueueId == sent && step.Step == TimelineStep.Reported, "it is told in any case");
    }

    [Theory]
    [InlineData("abuse", "bob@remote.test", true)]
    [InlineData("abuse", null, true)]
    [InlineData("opt-out", "BOB@remote.test", true)]
    [InlineData("not-spam", "bob@remote.test", false)]
    [InlineData("abuse", "carol@remote.test", false)]
    public async Task Who_complains_is_sent_nothing_more_by_that_sender_alone(string type, string? recipient, bool suppressed)
    {
        var sent = await SentAsync("bob@remote.test");
        await ComesAsync(Complaint(type, sent, recipient), "ann@example.test");
        (await SuppressedAsync(Bob, Ann)).Should().Be(suppressed);
        (await SuppressedAsync(Bob, EmailAddress.Parse("joe@example.test"))).Should().BeFalse();
        _f.Journal.Events.Should().ContainSingle(step => step.QueueId == sent && step.Step == TimelineStep.Reported).Which.Detail.Should().StartWith(type);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zip")]
    [InlineData("xml")]
    public async Task A_DMARC_report_is_kept(string packing)
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        await ComesAsync(DmarcMail(Feedback("example.test"), packing), "ann@example.test", Passed("big.test"));
        var kept = (await ReportsAsync()).Should().ContainSingle().Which;
        kept.Verified.Should().BeTrue();
        kept.Report.Organization.Should().Be("Big");
        kept.Report.Rows.Should().ContainSingle().Which.Should().Match<Merpati.Mail.Auth.DmarcRow>(row => row.Source == "192.0.2.9" && row.Count == 7 && row.Disposition == "reject" && !row.Passes && row.Signatures.Count == 1 && row.Spf!.Result == "softfail");
    }

    [Fact]
    public async Task A_report_that_comes_again_counts_once()
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        for (var i = 0; i < 2; i++) await ComesAsync(DmarcMail(Feedback("example.test"), "gzip"), "ann@example.test");
        (await ReportsAsync()).Should().ContainSingle().Which.Verified.Should().BeFalse();
    }

    [Theory]
    [InlineData("not asked for")]
    [InlineData("about another domain")]
    [InlineData("entities")]
    [InlineData("a bomb")]
    [InlineData("no XML")]
    [InlineData("cut off")]
    [InlineData("no source")]
    public async Task What_is_no_report_for_us_is_delivered_and_nothing_else(string trouble)
    {
        if (trouble != "not asked for") _f.ReportOptions.Addresses.Add("ann@example.test");
        var text = trouble switch
        {
            "about another domain" => Feedback("other.example"),
            "entities" => Feedback("example.test").Replace("<feedback>", "<!DOCTYPE feedback [<!ENTITY a \"Big\">]><feedback>", StringComparison.Ordinal),
            "a bomb" => Feedback("example.test").Replace("Big", new string(' ', 60_000_000), StringComparison.Ordinal),
            "no XML" => "hello",
            "cut off" => Feedback("example.test")[..300],
            "no source" => Feedback("example.test").Replace("192.0.2.9", "nowhere", StringComparison.Ordinal),
            _ => Feedback("example.test"),
        };
        await ComesAsync(DmarcMail(text, "gzip"), "ann@example.test");
        (await ReportsAsync()).Should().BeEmpty();
        (await _f.LedgerAsync()).Closed[Merpati.Storage.RecipientState.Delivered].Should().Be(1);
    }

    [Fact]
    public async Task A_large_DMARC_report_is_kept_without_the_rows_that_count_least()
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        var one = Feedback("example.test");
        var (begin, end) = (one.IndexOf("  <record>", StringComparison.Ordinal), one.IndexOf("</feedback>", StringComparison.Ordinal));
        // Names that nothing packs.
        var rows = Enumerable.Range(1, 4000).Select(i => one[begin..end].Replace("<count>7", $"<count>{i}", StringComparison.Ordinal).Replace("evil.test", Convert.ToHexString(SHA256.HashData(BitConverter.GetBytes(i))) + ".test", StringComparison.Ordinal));
        await ComesAsync(DmarcMail(one[..begin] + string.Concat(rows) + one[end..], "gzip"), "ann@example.test");
        var kept = (await ReportsAsync()).Should().ContainSingle().Which.Report;
        kept.Rows.Should().HaveCountLessThan(4000).And.HaveCountGreaterThan(100);
        kept.Rows[0].Count.Should().Be(4000);
        kept.Errors.Should().ContainSingle().Which.Should().Be($"it was too large: only {kept.Rows.Count} rows of it are kept");
        (await _f.Records.ListAsync("dmarc-in", null, 10, default)).Should().ContainSingle().Which.Value.Length.Should().BeLessThanOrEqualTo(256 * 1024);
    }

    [Theory]
    [InlineData("application/tlsrpt+gzip", "x.bin", true)]
    [InlineData("application/tlsrpt+json", "x.bin", false)]
    [InlineData("application/gzip", "big.test!example.test!1!2!3.json.gz", true)]
    [InlineData("application/json", "report.json", false)]
    public async Task A_TLS_report_is_kept_with_what_is_about_us(string type, string name, bool isPacked)
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        await ComesAsync(TlsMail(TlsReport("example.test"), type, name, isPacked), "ann@example.test", Passed("big.test"));
        var kept = (await TlsReportsAsync()).Should().ContainSingle().Which;
        kept.Verified.Should().BeTrue();
        kept.Report.Should().Match<ToldTlsReport>(report => report.Organization == "Big" && report.Id == "7" && report.Begin.Year == 2026);
        var policy = kept.Report.Policies.Should().ContainSingle("the other one is about somebody else").Which;
        policy.Should().Match<ToldTlsPolicy>(one => one.Type == "sts" && one.Domain == "example.test" && one.Successes == 5326 && one.Failures == 303);
        policy.Details.Should().Equal(new ToldTlsFailure("certificate-expired", "mx1.example.test", "2001:db8:abcd:0012::1", "", 100), new ToldTlsFailure("validation-failure", "", "", "X509_V_ERR_PROXY", 203));
        _f.Journal.Events.Should().ContainSingle(step => step.Step == TimelineStep.Reported).Which.Detail.Should().Be("TLS report of Big about example.test");
    }

    [Fact]
    public async Task Our_own_TLS_report_is_read_as_it_was_written()
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        var collector = new TlsReportCollector(_f.Time);
        collector.Success("example.test", new ReportedPolicy(ReportedPolicyType.Tlsa, "mx.example.test", ["3 1 1 00"], []));
        collector.Failure("example.test", new ReportedPolicy(ReportedPolicyType.Sts, "example.test", [], ["mx.example.test"]), new TlsSessionFailure(TlsFailure.CertificateExpired, "mx.example.test"));
        var ours = new Merpati.Mail.Dns.TlsReport("Ours", "a@ours.test", "ours.test", "1", collector.TakeChanged().Single());
        await ComesAsync(TlsMail(Encoding.UTF8.GetString(ours.ToJson()), "application/tlsrpt+gzip", ours.FileName, isPacked: true), "ann@example.test");
        (await TlsReportsAsync()).Should().ContainSingle().Which.Report.Policies.Select(policy => (policy.Type, policy.Domain, policy.Successes, policy.Failures, policy.Details.Count))
            .Should().BeEquivalentTo([("tlsa", "mx.example.test", 1L, 0L, 0), ("sts", "example.test", 0L, 1L, 1)]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("hello")]
    [InlineData("{\"policies\":[")]
    [InlineData("{\"policies\":[{}],\"date-range\":{\"start-datetime\":\"2026-04-01T00:00:00Z\",\"end-datetime\":\"never\"}}")]
    [InlineData("{\"organization-name\":\"\\ud800\",\"policies\":[{}]}")]
    [InlineData("about another domain")]
    [InlineData("many policies")]
    [InlineData("many failures")]
    [InlineData("deep")]
    public async Task What_is_no_TLS_report_for_us_is_delivered_and_nothing_else(string json)
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        json = json switch
        {
            "about another domain" => TlsReport("elsewhere.example"),
            "many policies" => $"{{\"policies\":[{string.Join(',', Enumerable.Repeat("{}", 101))}]}}",
            "many failures" => TlsReport("example.test").Replace("\"failure-details\": [", $"\"failure-details\": [{string.Concat(Enumerable.Repeat("{},", 5000))}", StringComparison.Ordinal),
            "deep" => new string('[', 10_000),
            _ => json,
        };
        await ComesAsync(TlsMail(json, "application/tlsrpt+json", "r.json", isPacked: false), "ann@example.test");
        (await TlsReportsAsync()).Should().BeEmpty();
        (await _f.LedgerAsync()).Closed[Merpati.Storage.RecipientState.Delivered].Should().Be(1);
    }

    [Fact]
    public async Task Of_one_domain_there_is_no_more_than_so_much_on_a_day()
    {
        _f.ReportOptions.Addresses.Add("ann@example.test");
        _f.ReportOptions.MaxReceived = 2;
        for (var i = 0; i < 3; i++) await ComesAsync(TlsMail(TlsReport("example.test").Replace("\"7\"", $"\"{i}\"", StringComparison.Ordinal), "application/tlsrpt+json", "r.json", isPacked: false), "ann@example.test");
        (await TlsReportsAsync()).Should().HaveCount(2);
    }

    /// <summary>A message of ann's that other servers took.</summary>
    private async Task<QueueId> SentAsync(params string[] recipients)
    {
        var (first, at) = (QueueId.New(_f.Time), _f.Time.GetUtcNow());
        foreach (var (recipient, i) in recipients.DefaultIfEmpty("bob@remote.test").Select((recipient, i) => (recipient, i)))
        {
            var id = i == 0 ? first : QueueId.New(_f.Time);
            await _f.Journal.AppendAsync(new TimelineSubject(id, at, $"{first}@example.test", "ann@example.test", [recipient], 100, null), recipients.Length == 0 ? [] : [new TimelineEvent(id, at, TimelineStep.Relayed, recipient, "mx.remote.test: 250 ok")], default);
        }
        return first;
    }

    private async Task<QueueId> ComesAsync(string message, string recipient, string results = "")
    {
        var entry = await _f.EnqueueAsync(null, [new EnvelopeRecipient(EmailAddress.Parse(recipient))], message.ReplaceLineEndings("\r\n"), verdict: results);
        await _f.AttemptAsync();
        return entry.Id;
    }

    private async Task<bool> SuppressedAsync(EmailAddress recipient, EmailAddress? sender) => (await _f.Suppressions.FindAsync([recipient], sender, default)).Count > 0;

    private async Task<List<ReceivedDmarcReport>> ReportsAsync()
    {
        var found = new List<ReceivedDmarcReport>();
        await foreach (var report in new ReceivedDmarcReports(_f.Records, Options.Create(_f.ReportOptions), _f.Time).ReadAsync(_f.Time.GetUtcNow().AddDays(-1), null, default)) found.Add(report);
        return found;
    }

    private async Task<List<ReceivedTlsReport>> TlsReportsAsync()
    {
        var found = new List<ReceivedTlsReport>();
        await foreach (var report in new ReceivedTlsReports(_f.Records, Options.Create(_f.ReportOptions), _f.Time).ReadAsync(_f.Time.GetUtcNow().AddDays(-1), null, default)) found.Add(report);
        return found;
    }

    private static string Passed(string author) => $"Authentication-Results: mx.example.test;\r\n\tdmarc=pass (p=none) header.from={author};\r\n\tarc=none\r\n";

    private static string Original(QueueId id) => $"""
        Received: from mx.example.test by mx.remote.test with ESMTPS id abc;
        	Fri, 1 Jan 2027 00:00:01 +0000
        Received: from laptop by mx.example.test with ESMTPSA
        	id {id}; Fri, 1 Jan 2027 00:00:00 +0000
        From: ann@example.test
        Subject: hello
        """;

    private static string Bounce(string recipient, string status, QueueId id) => $"""
        From: MAILER-DAEMON@mx.remote.test
        Content-Type: multipart/report; report-type=delivery-status; boundary=b

        --b
        Content-Type: text/plain

        It did not work.
        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.remote.test

        Final-Recipient: rfc822; {recipient}
        Action: failed
        Status: {status} (no such luck)
        Diagnostic-Code: smtp; 550 no

        --b
        Content-Type: text/rfc822-headers

        {Original(id)}

        --b--

        """;

    private static string Complaint(string type, QueueId id, string? recipient) => $"""
        From: fbl@remote.test
        Content-Type: multipart/report; report-type="feedback-report"; boundary=b

        --b
        Content-Type: text/plain

        A complaint.
        --b
        Content-Type: message/feedback-report

        Feedback-Type: {type}
        User-Agent: Loop/1
        Version: 1{(recipient is null ? "" : $"\nOriginal-Rcpt-To: <{recipient}>")}

        --b
        Content-Type: message/rfc822

        {Original(id)}

        hello
        --b--

        """;

    private static string DmarcMail(string xml, string packing)
    {
        using var packed = new MemoryStream();
        switch (packing)
        {
            case "gzip":
                using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(xml));
                break;
            case "zip":
                using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
                using (var file = zip.CreateEntry("report.xml").Open()) file.Write(Encoding.UTF8.GetBytes(xml));
                break;
            default:
                packed.Write(Encoding.UTF8.GetBytes(xml));
                break;
        }
        var name = packing switch { "gzip" => "r.xml.gz", "zip" => "r.zip", _ => "r.xml" };
        return $"""
            From: dmarc@big.test
            Subject: Report Domain: example.test
            Content-Type: application/octet-stream; name="{name}"
            Content-Disposition: attachment; filename="{name}"
            Content-Transfer-Encoding: base64

            {Convert.ToBase64String(packed.ToArray(), Base64FormattingOptions.InsertLineBreaks)}

            """;
    }

    /// <summary>As Appendix B of RFC 8460 has it, with a policy of somebody else.</summary>
    private static string TlsReport(string domain) => $$"""
        {
          "organization-name": "Big",
          "date-range": { "start-datetime": "2026-04-01T00:00:00Z", "end-datetime": "2026-04-01T23:59:59Z" },
          "contact-info": "sts-reporting@big.test",
          "report-id": "7",
          "policies": [{
            "policy": { "policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"], "policy-domain": "{{domain}}", "mx-host": ["*.mail.{{domain}}"] },
            "summary": { "total-successful-session-count": 5326, "total-failure-session-count": "303" },
            "failure-details": [
              { "result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1", "receiving-mx-hostname": "MX1.{{domain}}", "failed-session-count": 100 },
              { "result-type": "validation-failure", "failed-session-count": 203, "failure-reason-code": "X509_V_ERR_PROXY", "additional-information": {} }]
          }, {
            "policy": { "policy-type": "no-policy-found", "policy-domain": "elsewhere.net" }
          }]
        }
        """;

    private static string TlsMail(string json, string type, string name, bool isPacked)
    {
        var octets = Encoding.UTF8.GetBytes(json);
        if (isPacked)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(octets);
            octets = packed.ToArray();
        }
        return $"""
            From: tls@big.test
            Subject: Report Domain: example.test Submitter: big.test Report-ID: <7@big.test>
            TLS-Report-Domain: example.test
            TLS-Report-Submitter: big.test
            Content-Type: multipart/report; report-type="tlsrpt"; boundary=b

            --b
            Content-Type: text/plain

            A report.
            --b
            Content-Type: {type}
            Content-Disposition: attachment; filename="{name}"
            Content-Transfer-Encoding: base64

            {Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks)}
            --b--

            """;
    }

    private static string Feedback(string domain) => $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <feedback>
          <report_metadata><org_name>Big</org_name><email>d@big.test</email><report_id>1</report_id><date_range><begin>1798675200</begin><end>1798761599</end></date_range></report_metadata>
          <policy_published><domain>{domain}</domain><adkim>r</adkim><p>reject</p><pct>100</pct><unknown><x/></unknown></policy_published>
          <record>
            <row><source_ip>192.0.2.9</source_ip><count>7</count><policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
            <identifiers><header_from>{domain}</header_from></identifiers>
            <auth_results><dkim><domain>evil.test</domain><selector>s</selector><result>pass</result></dkim><spf><domain>evil.test</domain><result>softfail</result></spf></auth_results>
          </record>
        </feedback>
        """;
}
