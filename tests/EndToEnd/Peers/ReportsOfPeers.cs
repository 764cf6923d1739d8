using System.Text;
using Merpati.TestKit;
using MimeKit;

namespace Merpati.Tests.EndToEnd.Peers;

/// <summary>Delivery reports on the way through real peers: their form is that of RFC 3464, MimeKit reads them, and people with mutt do.</summary>
[Collection(PeersCollection.Name)]
public sealed class ReportsOfPeers(PeersFixture peers)
{
    private const string Notify = "NOTIFY=SUCCESS,FAILURE,DELAY";

    [Theory]
    [InlineData("FULL")]
    [InlineData("HDRS")]
    public async Task A_failure_returns_what_RET_asks_for(string ret)
    {
        var ann = await peers.NewUserAsync("ann.ret." + ret.ToLowerInvariant());
        var sent = Mail.Simple(ann.Address, "ghost@post.test", "to be returned");
        await ann.SendAsync(["ghost@post.test"], sent, $"RET={ret} ENVID=QQ+2B314", $"{Notify} ORCPT=rfc822;first+2Btag@elsewhere.test");
        var report = await ann.ReportAsync("Action: failed");
        var status = Reports.StatusOf(report);
        Reports.HoldsTheGrammar(Reports.TextOf(status));
        Assert.Equal("QQ+314", status.StatusGroups[0]["Original-Envelope-Id"]);
        Assert.Equal("dns; mx.here.test", status.StatusGroups[0]["Reporting-MTA"]);
        var fields = Reports.Of(report, "ghost@post.test");
        Assert.Equal("rfc822; first+tag@elsewhere.test", fields["Original-Recipient"]);
        Assert.Equal("5.1.1", fields["Status"]);
        Assert.Equal("dns; mx.post.test", fields["Remote-MTA"]);
        Assert.StartsWith("smtp; 550 5.1.1 <ghost@post.test>: Recipient address rejected", fields["Diagnostic-Code"], StringComparison.Ordinal);
        var returned = ((Multipart)report.Body!)[2];
        Assert.Equal(ret == "FULL" ? "message/rfc822" : "text/rfc822-headers", returned.ContentType.MimeType);
        Assert.Equal(ret == "FULL", Reports.TextOf(returned).Contains("..two", StringComparison.Ordinal));
        Assert.Contains("Subject: to be returned", Reports.TextOf(returned), StringComparison.Ordinal);
        Assert.Equal("auto-replied", report.Headers["Auto-Submitted"]);
    }

    [Fact]
    public async Task A_next_hop_with_DSN_reports_success_by_itself_and_one_without_has_it_reported_as_relayed()
    {
        var ann = await peers.NewUserAsync("ann.success");
        await ann.SendAsync(["bob@post.test", "bob@plain.test"], Mail.Simple(ann.Address, "bob@post.test", "well"), "RET=HDRS ENVID=well", Notify);
        foreach (var (address, action, reporter) in new[] { ("bob@post.test", "delivered", "mx.post.test"), ("bob@plain.test", "relayed", "mx.here.test") })
        {
            var report = await ann.ReportAsync($"{address}", $"Action: {action}", "Original-Envelope-Id: well");
            Assert.Equal($"dns; {reporter}", Reports.StatusOf(report).StatusGroups[0]["Reporting-MTA"]);
            var fields = Reports.Of(report, address);
            Assert.Equal('2', fields["Status"][0]);
            if (reporter == "mx.here.test") Reports.HoldsTheGrammar(Reports.TextOf(Reports.StatusOf(report)));
        }
    }

    [Fact]
    public async Task A_delay_is_told_once_with_the_words_of_the_server()
    {
        var ann = await peers.NewUserAsync("ann.delay");
        var sent = Mail.Simple(ann.Address, "later@exim.test", "late");
        await ann.SendAsync(["later@exim.test"], sent, rcpt: Notify);
        var report = await ann.ReportAsync("Action: delayed");
        Reports.HoldsTheGrammar(Reports.TextOf(Reports.StatusOf(report)));
        var fields = Reports.Of(report, "later@exim.test");
        Assert.Equal("4.2.1", fields["Status"]);
        Assert.Equal("smtp; 450 4.2.1 Not now", fields["Diagnostic-Code"]);
        Assert.True(fields.ContainsKey("Will-Retry-Until"));
        await peers.DiscardAsync(ann);
        Assert.Equal(1, await ann.CountAsync("Action: delayed"));
    }

    [Fact]
    public async Task What_was_international_is_reported_in_the_forms_of_RFC_6533()
    {
        var ann = await peers.NewUserAsync("ann.utf8");
        var sent = Encoding.UTF8.GetBytes($"From: {ann.Address}\r\nTo: üwe@post.test\r\nSubject: Grüße\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\n\r\n你好\r\n");
        await ann.SendAsync(["üwe@post.test"], sent, "BODY=8BITMIME SMTPUTF8 RET=FULL", Notify);
        var octets = await ann.NextAsync("message/global-delivery-status", "Action: failed");
        using var stream = new MemoryStream(octets);
        var report = Assert.IsType<MultipartReport>((await MimeMessage.LoadAsync(stream)).Body);
        Assert.Equal("message/global-delivery-status", report[1].ContentType.MimeType);
        Assert.Equal("message/global", report[2].ContentType.MimeType);
        Assert.Contains("Final-Recipient: utf-8; üwe@post.test\r\n", Reports.TextOf(report[1]), StringComparison.Ordinal);
        Assert.Contains("Status: 5.1.1\r\n", Reports.TextOf(report[1]), StringComparison.Ordinal);
        Assert.Contains("Subject: Grüße", Reports.TextOf(report[2]), StringComparison.Ordinal);

        // To a server that cannot have it at all.
        await ann.SendAsync(["üwe@plain.test"], sent, "BODY=8BITMIME SMTPUTF8", Notify);
        var plain = Encoding.UTF8.GetString(await ann.NextAsync("Final-Recipient: utf-8; üwe@plain.test"));
        Assert.Contains("Status: 5.6.7", plain, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mutt")]
    [InlineData("neomutt")]
    public async Task People_read_a_report_with(string mutt)
    {
        var ann = await peers.NewUserAsync("ann." + mutt);
        await ann.SendAsync(["ghost@post.test"], Mail.Simple(ann.Address, "ghost@post.test", "who reads this"), "RET=FULL");
        var folder = Directory.CreateTempSubdirectory("merpati-mutt-").FullName;
        try
        {
            foreach (var part in (string[])["new", "cur", "tmp"]) Directory.CreateDirectory(Path.Combine(folder, "mail", part));
            await File.WriteAllBytesAsync(Path.Combine(folder, "mail", "new", "1.1.here"), await ann.NextAsync("Action: failed"));
            var rc = Path.Combine(folder, "rc");
            await File.WriteAllTextAsync(rc, $"set folder={folder}\nset pipe_decode=yes\nset wait_key=no\nset quit=yes\nset mark_old=no\nset move=no\nset charset=utf-8\n");
            await File.WriteAllTextAsync(Path.Combine(folder, "take"), $"cat > {folder}/read\n");
            Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["HOME"] = folder, ["TERM"] = "xterm", ["LC_ALL"] = "C.UTF-8" };
            // A terminal whose user types nothing: at the end of its input script would type Ctrl+D into the prompt.
            var read = await Command.RunAsync("sh", ["-c", "mkfifo \"$1\" && exec 3<>\"$1\" && exec script -qec \"$2\" /dev/null <&3", "sh", $"{folder}/keys", $"{mutt} -n -R -F {rc} -f {folder}/mail -e 'push \"<pipe-message>sh {folder}/take<enter><quit>\"'"], null, environment);
            Assert.True(read.ExitCode == 0 && File.Exists($"{folder}/read"), read.ToString());
            var text = await File.ReadAllTextAsync($"{folder}/read");
            foreach (var words in (string[])["From: Mail Delivery System <MAILER-DAEMON@mx.here.test>", "Your message could not be delivered to:", "<ghost@post.test>", "Action: failed", "Status: 5.1.1", "Subject: who reads this", "last line"])
                Assert.True(text.Contains(words, StringComparison.Ordinal), $"{words}\n{text}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
