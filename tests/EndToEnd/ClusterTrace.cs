using System.Text.RegularExpressions;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;

namespace Merpati.Tests.EndToEnd;

/// <summary>One trace follows a message through the services; its id is the queue id that the 250 names.</summary>
public sealed partial class ClusterTrace
{
    private static readonly string[] Services = ["merpati-smtp-ingress", "merpati-user-directory", "merpati-delivery", "merpati-imap-gateway", "merpati-pop3-gateway"];

    [Fact]
    public async Task The_trace_of_a_message_goes_from_SMTP_over_the_bus_and_gRPC_to_FETCH_and_RETR()
    {
        await using var collector = await SpanCollector.StartAsync();
        await using var server = await ClusterServer.StartAsync(settings => settings with { Environment = collector.Environment });
        var (address, password) = server.Accounts[0];

        await using var smtp = await MailWire.ConnectAsync(server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync("MAIL FROM:<x@elsewhere.test>");
        Assert.StartsWith("250", await smtp.SmtpAsync($"RCPT TO:<{address}>"));
        await smtp.SmtpAsync("DATA");
        var accepted = await smtp.SmtpDataAsync("Subject: follow me\r\n\r\nhello\r\n"u8.ToArray());
        var traceId = QueuedAs().Match(accepted).Groups["id"].Value;
        Assert.Equal(32, traceId.Length);
        await server.WaitForEmptyQueueAsync(TimeSpan.FromMinutes(1));

        await using var imap = await MailWire.ConnectAsync(server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
        await imap.ImapAsync("SELECT INBOX");
        Assert.Contains("hello", System.Text.Encoding.ASCII.GetString(await imap.ImapFetchLiteralAsync("FETCH 1 BODY.PEEK[]")), StringComparison.Ordinal);
        await using var pop3 = await MailWire.ConnectAsync(server.Pop3sPort, tls: true);
        await pop3.LineAsync();
        await pop3.SendAsync("USER " + address);
        await pop3.LineAsync();
        await pop3.SendAsync("PASS " + password);
        Assert.StartsWith("+OK", await pop3.LineAsync());
        await pop3.Pop3MultilineAsync("RETR 1");

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Services.Except(Of(traceId)).Any() && !patience.IsCancellationRequested) await Task.Delay(100, CancellationToken.None);
        Assert.Empty(Services.Except(Of(traceId)));
        var spans = collector.Spans.Where(span => span.BelongsTo(traceId)).ToList();
        Assert.Contains(spans, span => span is { Service: "merpati-smtp-ingress", Name: "accept message" } && span.TraceId == traceId);
        Assert.Contains(spans, span => span is { Service: "merpati-delivery", Name: "deliver" } && span.TraceId == traceId);
        Assert.Contains(spans, span => span is { Service: "merpati-imap-gateway", Name: "imap FETCH" });
        Assert.Contains(spans, span => span is { Service: "merpati-pop3-gateway", Name: "POP3 RETR" });

        IEnumerable<string> Of(string trace) => collector.Spans.Where(span => span.BelongsTo(trace)).Select(span => span.Service).Distinct();
    }

    [GeneratedRegex("queued as (?<id>[0-9a-f]{32})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex QueuedAs();
}
