using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Merpati.TestKit;
using Merpati.Tests.EndToEnd.Peers;
using MimeKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>Reports about mail between real processes, over days: DMARC reports out and in, bounces after the 250, complaints, and the digest of the quarantine (docs/inbound/reports.md).</summary>
public abstract partial class ReportsAboutMail(ReportsFixture world)
{
    [Fact]
    public async Task After_midnight_a_domain_gets_one_report_of_what_all_counted_and_reads_it()
    {
        var zoe = await world.NewUserAsync("zoe");
        var day = world.Clock.Today;
        foreach (var port in (int[])[world.SmtpPorts[0], world.SmtpPorts[^1], world.SmtpPorts[0]])
            Assert.StartsWith("250", await ReportsFixture.ArriveAsync(port, "bob@there.test", zoe.Address, Mail.Simple("bob@there.test", zoe.Address, "ours")), StringComparison.Ordinal);
        Assert.StartsWith("550 5.7.26", await ReportsFixture.ArriveAsync(world.SmtpPorts[^1], "eve@elsewhere.test", zoe.Address, Mail.Simple("bob@there.test", zoe.Address, "forged")), StringComparison.Ordinal);
        // What is asked for by addresses elsewhere: sink.test says in DNS that it wants to hear of one of them.
        foreach (var from in (string[])["x@asked.test", "x@unasked.test"])
            Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], from, zoe.Address, Mail.Simple(from, zoe.Address, "elsewhere")), StringComparison.Ordinal);

        await world.NextDayAsync();

        var dmarc = new Correspondent(world.There, ReportsFixture.ReportsThere);
        var octets = await dmarc.NextAsync("Report Domain: there.test", "Submitter: merpati.test");
        var text = Encoding.Latin1.GetString(octets);
        Assert.StartsWith("Return-Path: <>", text, StringComparison.Ordinal);
        Assert.Matches("Authentication-Results: mx.there.test;(.|\r\n)*dkim=pass[^;]*header.d=merpati.test(.|\r\n)*dmarc=pass", text);
        var report = XDocument.Parse(await UnpackAsync(octets)).Root!;
        Assert.Equal(("there.test", "reject"), (Value(report, "policy_published", "domain"), Value(report, "policy_published", "p")));
        var begin = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeSeconds();
        Assert.Equal((Number(begin), Number(begin + 86_399)), (Value(report, "date_range", "begin"), Value(report, "date_range", "end")));
        Assert.Equal(["127.0.0.1 3 none pass there.test", "127.0.0.1 1 reject fail elsewhere.test"], report.Elements().Where(one => one.Name.LocalName == "record").Select(record =>
            $"{Value(record, "source_ip")} {Value(record, "count")} {Value(record, "policy_evaluated", "disposition")} {Value(record, "policy_evaluated", "spf")} {Value(record, "auth_results", "spf", "domain")}").OrderByDescending(row => row, StringComparer.Ordinal));
        await world.TakenAsync("asked@sink.test", 1);

        // The other side, which takes them in.
        var told = await DmarcAsync(world.There, 1, "there.test");
        Assert.Equal((1, 0), (told.GetProperty("reports").GetInt32(), told.GetProperty("unverified").GetInt32()));
        var source = Assert.Single(told.GetProperty("sources").EnumerateArray());
        Assert.Equal(("127.0.0.1", 3, 1, 1), (source.GetProperty("source").GetString(), source.GetProperty("passed").GetInt32(), source.GetProperty("failed").GetInt32(), source.GetProperty("refused").GetInt32()));
        var table = await ReportsFixture.SaysAsync(world.There, "dmarc", "reports");
        Assert.Contains("spf=pass there.test", table, StringComparison.Ordinal);

        // All processes looked again, and nobody sent another.
        await world.NextDayAsync();
        await world.SaysAsync("queue", "status");
        Assert.Equal(1, await dmarc.CountAsync("Report Domain: there.test"));
        Assert.Single(world.Taken("asked@sink.test"));
        Assert.Empty(world.Taken("unasked@sink.test"));
        Assert.Single(await StepsAsync(ReportsFixture.ReportsThere), step => step.Detail.Contains("DMARC report for there.test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reports_of_others_are_read_and_hostile_ones_do_no_harm()
    {
        var ann = await world.NewUserAsync("ann.dmarc");
        await new Correspondent(world.There, "pat@there.test").CreateAsync();
        await ann.SendAsync("pat@there.test", Mail.Simple(ann.Address, "pat@there.test", "to be counted there"));
        await new Correspondent(world.There, "pat@there.test").NextAsync("to be counted there");
        await world.NextDayAsync();
        var told = await DmarcAsync(world.Here, 1, "merpati.test");
        Assert.Equal((1, 0), (told.GetProperty("reports").GetInt32(), told.GetProperty("unverified").GetInt32()));
        var source = Assert.Single(told.GetProperty("sources").EnumerateArray());
        Assert.Equal(("127.0.0.1", 1), (source.GetProperty("source").GetString(), source.GetProperty("passed").GetInt32()));
        Assert.Equal(["there.test"], source.GetProperty("reporters").EnumerateArray().Select(one => one.GetString()));

        var inbox = new Correspondent(world.Here, ReportsFixture.Reports);
        const string about = "hostile.merpati.test";
        var bomb = new StringBuilder("<!DOCTYPE feedback [<!ENTITY a0 \"ha\">");
        for (var i = 1; i < 30; i++) bomb.Append(CultureInfo.InvariantCulture, $"<!ENTITY a{i} \"&a{i - 1};&a{i - 1};\">");
        bomb.Append("]>").Append(ReportOfBig("&a29;", about));
        foreach (var (name, attachment) in new (string, byte[])[]
        {
            ("entities.xml", Encoding.UTF8.GetBytes(bomb.ToString())),
            ("outside.xml", Encoding.UTF8.GetBytes("<!DOCTYPE feedback [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>" + ReportOfBig("&x;", about))),
            ("zeros.xml.gz", Gzip(new byte[100_000_000])),
            ("zeros.zip", Zip("report.xml", new byte[100_000_000])),
            ("none.xml.gz", "no gzip at all"u8.ToArray()),
            ("good.zip", Zip("report.xml", Encoding.UTF8.GetBytes(ReportOfBig("1", about)))),
        })
        {
            Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "d@big.test", ReportsFixture.Reports, WithFile(name, attachment)), StringComparison.Ordinal);
            await inbox.NextAsync($"filename={name}");
        }
        told = await DmarcAsync(world.Here, 1, about);
        Assert.Equal((1, 1), (told.GetProperty("reports").GetInt32(), told.GetProperty("unverified").GetInt32()));
        Assert.Equal((7, "Big"), (told.GetProperty("sources")[0].GetProperty("refused").GetInt32(), told.GetProperty("sources")[0].GetProperty("reporters")[0].GetString()));
        Assert.Contains("192.0.2.9", await world.SaysAsync("dmarc", "reports", "--domain", about, "--since", "30d"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bounce_after_the_250_stands_in_the_timeline_and_after_some_days_nothing_more_is_sent_there()
    {
        const string ghost = "ghost@sink.test";
        var ann = await world.NewUserAsync("ann.late");
        var first = Mail.Simple(ann.Address, ghost, "first day");
        await ann.SendAsync(ghost, first);
        var returned = HeaderOf((await world.TakenAsync(ghost, 1))[0].Octets);

        var forged = QueueIds().Replace(returned, _ => $"id {Guid.NewGuid():N}");
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "", ann.Address, Bounce(ann.Address, ghost, "5.1.1", forged, "the forged one")), StringComparison.Ordinal);
        await ann.NextAsync("the forged one");
        Assert.DoesNotContain(await StepsAsync(FieldOf(first, "Message-ID")), step => step.Step == "bounced");

        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[^1], "", ann.Address, Bounce(ann.Address, ghost, "5.1.1", returned, "the true one")), StringComparison.Ordinal);
        await ann.NextAsync("the true one");
        var bounced = Assert.Single(await StepsAsync(FieldOf(first, "Message-ID")), step => step.Step == "bounced");
        Assert.Equal(ghost, bounced.Recipient);
        Assert.Matches($"^5\\.1\\.1 after it was taken, as mx\\.sink\\.test reports in [0-9a-f]{{32}}: 550 5\\.1\\.1 No such user$", bounced.Detail);
        Assert.Contains("bounced", await world.SaysAsync("trace", FieldOf(first, "Message-ID")), StringComparison.Ordinal);
        // One day, however often.
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "", ann.Address, Bounce(ann.Address, ghost, "5.1.1", returned, "once more")), StringComparison.Ordinal);
        await ann.NextAsync("once more");
        Assert.Equal("[]", (await world.SaysAsync("suppression", "list", "--contains", ghost, "--json")).Trim());

        await world.NextDayAsync();
        await ann.SendAsync(ghost, Mail.Simple(ann.Address, ghost, "second day"));
        returned = HeaderOf((await world.TakenAsync(ghost, 2))[1].Octets);
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "", ann.Address, Bounce(ann.Address, ghost, "5.1.1", returned, "on the second day")), StringComparison.Ordinal);
        await ann.NextAsync("on the second day");
        var listed = Assert.Single(JsonDocument.Parse(await world.SaysAsync("suppression", "list", "--contains", ghost, "--json")).RootElement.EnumerateArray());
        Assert.Equal((ghost, "bounce"), (listed.GetProperty("pattern").GetString(), listed.GetProperty("source").GetString()));

        await ann.SendAsync(ghost, Mail.Simple(ann.Address, ghost, "third message"));
        var report = await ann.ReportAsync("Reporting-MTA: dns; mx.merpati.test", ghost);
        Assert.StartsWith($"smtp; 550 5.7.1 No mail is sent to {ghost}: it does not exist, as mx.sink.test said on 2 days", Peers.Reports.Of(report, ghost)["Diagnostic-Code"], StringComparison.Ordinal);
        Assert.Equal(2, world.Taken(ghost).Count);
    }

    [Fact]
    public async Task Who_complains_gets_nothing_more_of_that_sender_until_an_administrator_takes_it_back()
    {
        const string carol = "carol@sink.test";
        var ann = await world.NewUserAsync("ann.news");
        var joe = await world.NewUserAsync("joe.news");
        var sent = Mail.Simple(ann.Address, carol, "unwanted news");
        await ann.SendAsync(carol, sent);
        var returned = HeaderOf((await world.TakenAsync(carol, 1))[0].Octets);
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[^1], "fbl@sink.test", ann.Address, Complaint(ann.Address, returned)), StringComparison.Ordinal);
        await ann.NextAsync("Feedback-Type: abuse");
        var reported = Assert.Single(await StepsAsync(FieldOf(sent, "Message-ID")), step => step.Step == "reported");
        Assert.Equal(carol, reported.Recipient);
        Assert.Matches("^abuse: the recipient complains in [0-9a-f]{32}, and is sent nothing more by this sender$", reported.Detail);
        Assert.Contains("reported", await world.SaysAsync("trace", FieldOf(sent, "Message-ID")), StringComparison.Ordinal);

        var pattern = $"{carol} from {ann.Address}";
        var listed = Assert.Single(JsonDocument.Parse(await world.SaysAsync("suppression", "list", "--contains", carol, "--json")).RootElement.EnumerateArray());
        Assert.Equal((pattern, "complaint"), (listed.GetProperty("pattern").GetString(), listed.GetProperty("source").GetString()));
        await ann.SendAsync(carol, Mail.Simple(ann.Address, carol, "more news"));
        Assert.Equal($"smtp; 550 5.7.1 No mail is sent to {pattern}: the recipient complained (abuse)", Peers.Reports.Of(await ann.ReportAsync("Reporting-MTA: dns; mx.merpati.test"), carol)["Diagnostic-Code"]);
        await joe.SendAsync(carol, Mail.Simple(joe.Address, carol, "of another"));
        await world.TakenAsync(carol, 2);

        await world.SaysAsync("suppression", "remove", pattern);
        await ann.SendAsync(carol, Mail.Simple(ann.Address, carol, "welcome again"));
        Assert.Equal(["unwanted news", "of another", "welcome again"], (await world.TakenAsync(carol, 3)).Select(message => FieldOf(message.Octets, "Subject")));
    }

    [Fact]
    public async Task An_account_is_told_once_what_is_in_quarantine_and_gets_it_when_it_is_released()
    {
        var ann = await world.NewUserAsync("ann.digest");
        var sent = WithFile("tool.exe", "MZ runs"u8.ToArray());
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "eve@elsewhere.test", ann.Address, sent), StringComparison.Ordinal);
        var listed = Assert.Single(JsonDocument.Parse(await world.SaysAsync("quarantine", "list", "--recipient", ann.Address, "--json")).RootElement.EnumerateArray());
        var id = listed.GetProperty("id").GetString()!;
        Assert.Contains("dangerous-attachment", await world.SaysAsync("quarantine", "list", "--recipient", ann.Address), StringComparison.Ordinal);
        Assert.Contains("tool.exe", await world.SaysAsync("quarantine", "preview", id), StringComparison.Ordinal);

        await world.NextDayAsync();
        var digest = Encoding.UTF8.GetString(await ann.NextAsync("Subject: A message for you is in quarantine"));
        foreach (var words in (string[])[id, "tool.exe arrives", "quarantined by the rule dangerous-attachment", "<eve@elsewhere.test>"]) Assert.Contains(words, digest, StringComparison.Ordinal);
        Assert.Equal(0, await ann.CountAsync("filename=tool.exe"));
        // All looked again, and there is nothing new.
        await world.NextDayAsync();
        Assert.Equal(1, await ann.CountAsync("in quarantine"));

        await world.SaysAsync("quarantine", "release", id, "--reason", "it is ours");
        var came = await ann.NextAsync("filename=tool.exe");
        Assert.True(came.AsSpan().EndsWith(sent), Encoding.Latin1.GetString(came));
        var trace = Encoding.ASCII.GetString(came.AsSpan()[..^sent.Length]);
        Assert.Equal(["Return-Path", "Delivered-To", "X-Merpati-Verdict", "Authentication-Results", "Received-SPF", "X-Merpati-Scan", "Received"], FieldNames().Matches(trace).Select(match => match.Groups["name"].Value));
        var steps = await StepsAsync(id);
        Assert.Equal(["accepted", "held", "released", "delivered"], steps.Select(step => step.Step).Where(step => step is not ("announced" or "firstfetched")));
        Assert.Equal("it is ours (release by administrator)", steps.Single(step => step.Step == "released").Detail);
        Assert.Equal("[]", (await world.SaysAsync("quarantine", "list", "--recipient", ann.Address, "--json")).Trim());
        Assert.Equal(1, await ann.CountAsync("filename=tool.exe"));
    }

    [Fact]
    public async Task What_a_user_sends_and_is_released_goes_out_with_nothing_of_ours_and_its_timeline_tells_the_way()
    {
        const string dave = "dave@sink.test";
        var ann = await world.NewUserAsync("ann.released");
        var sent = WithFile("tool.exe", "MZ runs"u8.ToArray(), ann.Address);
        await ann.SendAsync([dave, ann.Address], sent);
        Assert.Contains("dangerous-attachment", await world.SaysAsync("quarantine", "list", "--sender", ann.Address), StringComparison.Ordinal);
        await world.SaysAsync("quarantine", "release", "--sender", ann.Address);

        var taken = (await world.TakenAsync(dave, 1))[0];
        Assert.Equal($"MAIL FROM:<{ann.Address}>", taken.MailFrom.Split(' ') is [var verb, var path, ..] ? $"{verb} {path}" : taken.MailFrom);
        Assert.True(taken.Octets.AsSpan().EndsWith(sent), Encoding.Latin1.GetString(taken.Octets));
        var ours = Encoding.ASCII.GetString(taken.Octets.AsSpan()[..^sent.Length]);
        Assert.Equal(["DKIM-Signature", "DKIM-Signature", "Received"], FieldNames().Matches(ours).Select(match => match.Groups["name"].Value));
        var inbox = Encoding.ASCII.GetString(await ann.NextAsync("filename=tool.exe"));
        Assert.Contains("X-Merpati-Verdict: quarantine; rule=dangerous-attachment", inbox, StringComparison.Ordinal);

        await Until.TrueAsync(async () => (await StepsAsync(FieldOf(sent, "Message-ID"))).Any(step => step.Step == "relayed"), () => "it is relayed");
        var steps = await StepsAsync(FieldOf(sent, "Message-ID"));
        Assert.DoesNotContain(steps, step => step.Detail.Contains("redirected", StringComparison.Ordinal));
        Assert.Single(steps, step => step.Step == "released" && step.Detail == "release by administrator");
        Assert.Single(steps, step => step.Step == "accepted" && step.Detail.StartsWith("goes on as a part of ", StringComparison.Ordinal));
        Assert.Single(steps, step => step.Step == "relayed" && step.Recipient == dave);

        // A complaint about it is one about a message of ours like any other; it would be put into quarantine for the name of the file itself.
        var returned = HeaderOf(taken.Octets).Replace("tool.exe", "removed", StringComparison.Ordinal);
        Assert.StartsWith("250", await ReportsFixture.ArriveAsync(world.SmtpPorts[0], "fbl@sink.test", ann.Address, Complaint(ann.Address, returned)), StringComparison.Ordinal);
        await ann.NextAsync("Feedback-Type: abuse");
        Assert.Single(await StepsAsync(FieldOf(sent, "Message-ID")), step => step.Step == "reported" && step.Recipient == dave);
    }

    /// <summary>What <c>merpati dmarc reports --json</c> says of the domain, once so many reports are in.</summary>
    private static async Task<JsonElement> DmarcAsync(IMailServer server, int reports, string domain)
    {
        JsonElement told = default;
        await Until.TrueAsync(async () =>
        {
            told = JsonDocument.Parse(await ReportsFixture.SaysAsync(server, "dmarc", "reports", "--domain", domain, "--json")).RootElement;
            return told.GetProperty("reports").GetInt32() >= reports;
        }, () => $"{reports} reports about {domain}");
        return told;
    }

    /// <summary>The steps of all messages that <c>merpati trace</c> finds.</summary>
    private async Task<IReadOnlyList<(string Step, string? Recipient, string Detail)>> StepsAsync(string of)
        => [.. JsonDocument.Parse(await world.SaysAsync("trace", of, "--json")).RootElement.EnumerateArray()
            .SelectMany(trace => trace.GetProperty("steps").EnumerateArray())
            .Select(step => (step.GetProperty("step").GetString()!, step.TryGetProperty("recipient", out var recipient) ? recipient.GetString() : null, step.GetProperty("detail").GetString()!))];

    private static async Task<string> UnpackAsync(byte[] message)
    {
        using var mail = await MimeMessage.LoadAsync(new MemoryStream(message));
        var part = mail.BodyParts.OfType<MimePart>().Single(part => part.ContentType.MimeType == "application/gzip");
        using var packed = new MemoryStream();
        await part.Content!.DecodeToAsync(packed);
        packed.Position = 0;
        using var text = new StreamReader(new GZipStream(packed, CompressionMode.Decompress));
        return await text.ReadToEndAsync();
    }

    /// <summary>The value of the one element that the names lead to, wherever the first is; the namespace does not matter.</summary>
    private static string Value(XElement of, params string[] names)
        => names[1..].Aggregate(of.Descendants().Single(one => one.Name.LocalName == names[0]), (parent, name) => parent.Elements().Single(one => one.Name.LocalName == name)).Value;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string HeaderOf(byte[] message) => Encoding.Latin1.GetString(message.AsSpan()[..(message.AsSpan().IndexOf("\r\n\r\n"u8) + 2)]);

    private static string FieldOf(byte[] message, string name)
    {
        var text = HeaderOf(message);
        var start = text.IndexOf($"\r\n{name}: ", StringComparison.Ordinal) + name.Length + 4;
        return text[start..text.IndexOf('\r', start)];
    }

    private static string ReportOfBig(string id, string about) => $"""
        <feedback>
          <report_metadata><org_name>Big</org_name><email>d@big.test</email><report_id>{id}</report_id><date_range><begin>1798675200</begin><end>1798761599</end></date_range></report_metadata>
          <policy_published><domain>{about}</domain><p>reject</p></policy_published>
          <record>
            <row><source_ip>192.0.2.9</source_ip><count>7</count><policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
            <identifiers><header_from>{about}</header_from></identifiers>
            <auth_results><spf><domain>evil.test</domain><result>softfail</result></spf></auth_results>
          </record>
        </feedback>
        """;

    private static byte[] Gzip(byte[] octets)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(octets);
        return packed.ToArray();
    }

    private static byte[] Zip(string name, byte[] octets)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        using (var file = zip.CreateEntry(name).Open()) file.Write(octets);
        return packed.ToArray();
    }

    private static byte[] WithFile(string name, byte[] octets, string from = "d@big.test") => Message($"""
        From: {from}
        Subject: {name} arrives
        Message-ID: <{Guid.NewGuid():N}@big.test>
        Date: Tue, 24 Nov 2026 12:00:00 +0000
        MIME-Version: 1.0
        Content-Type: application/octet-stream
        Content-Disposition: attachment; filename={name}
        Content-Transfer-Encoding: base64

        {Convert.ToBase64String(octets, Base64FormattingOptions.InsertLineBreaks)}

        """);

    /// <summary>A delivery status notification of sink.test (RFC 3464) with the header of the message.</summary>
    private static byte[] Bounce(string to, string recipient, string status, string returned, string words) => Message($"""
        From: Mail Delivery System <MAILER-DAEMON@mx.sink.test>
        To: {to}
        Subject: Undelivered Mail Returned to Sender
        Message-ID: <{Guid.NewGuid():N}@mx.sink.test>
        Date: Tue, 24 Nov 2026 12:00:00 +0000
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status; boundary=b

        --b
        Content-Type: text/plain

        {words}
        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.sink.test

        Final-Recipient: rfc822; {recipient}
        Action: failed
        Status: {status}
        Diagnostic-Code: smtp; 550 {status} No such user

        --b
        Content-Type: text/rfc822-headers

        {returned}
        --b--

        """);

    /// <summary>A feedback report of sink.test (RFC 5965) that hides who complains, as providers like to.</summary>
    private static byte[] Complaint(string to, string returned) => Message($"""
        From: fbl@sink.test
        To: {to}
        Subject: FW: a complaint
        Message-ID: <{Guid.NewGuid():N}@sink.test>
        Date: Tue, 24 Nov 2026 12:00:00 +0000
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type="feedback-report"; boundary=b

        --b
        Content-Type: text/plain

        This is an email abuse report.
        --b
        Content-Type: message/feedback-report

        Feedback-Type: abuse
        User-Agent: Loop/1
        Version: 1

        --b
        Content-Type: message/rfc822

        {returned}
        (removed)
        --b--

        """);

    private static byte[] Message(string text) => Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n"));

    [GeneratedRegex("\\bid [0-9a-f]{32}", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex QueueIds();

    [GeneratedRegex("^(?<name>[A-Za-z-]+):", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex FieldNames();
}

public sealed class ReportsAboutMailOfStandalone(ReportsStandalone world) : ReportsAboutMail(world), IClassFixture<ReportsStandalone>;

public sealed class ReportsAboutMailOfCluster(ReportsCluster world) : ReportsAboutMail(world), IClassFixture<ReportsCluster>;
