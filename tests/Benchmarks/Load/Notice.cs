using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Load;

/// <param name="Smtp">Null: another session appends.</param>
internal sealed record NoticePlan(IPEndPoint? Smtp, IPEndPoint Imap, string Recipient, string Password, int Messages, int Size);

/// <summary>How long a person waits for new mail: from the 250 of a message, or the OK of an APPEND, to EXISTS in an IMAP session that idles. One message at a time.</summary>
internal static class Notice
{
    public const string Usage = "--port SMTP --imap-port N [--append] [--host 127.0.0.1] [--recipient user0@bench.test] [--password bench] [--messages 200] [--size 10240]";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var smtp = options.EndPoint(25);
        var plan = new NoticePlan(options.Has("append") ? null : smtp, new IPEndPoint(smtp.Address, options.Number("imap-port")), options.Text("recipient", "user0@bench.test"), options.Text("password", "bench"), options.Number("messages", 200), options.Number("size", 10240));
        Console.WriteLine($"from {(plan.Smtp is null ? "OK" : "250")} to EXISTS: {await RunAsync(plan, cancellationToken)}");
    }

    public static async Task<Latencies> RunAsync(NoticePlan plan, CancellationToken cancellationToken)
    {
        var latencies = new Latencies();
        await using var session = await ImapSession.LogInAsync(plan.Imap, tls: false, plan.Recipient, plan.Password, cancellationToken);
        await session.SelectAsync(cancellationToken);
        await session.IdleAsync(cancellationToken);
        var exists = session.Messages;
        await using var other = plan.Smtp is null ? await ImapSession.LogInAsync(plan.Imap, tls: false, plan.Recipient, plan.Password, cancellationToken) : null;
        var message = FilledMailboxes.Message(0, 0, plan.Size);
        var one = plan.Smtp is null ? null : new SmtpLoadPlan(plan.Smtp, Connections: 1, Messages: 1, plan.Size, plan.Recipient, Recipients: 1);
        for (var number = 0; number < plan.Messages; number++)
        {
            // The server may be quicker with EXISTS than with the 250 to the sender, so that both are awaited side by side.
            var told = ToldAsync(session, ++exists, cancellationToken);
            if (other is not null) await other.AppendAsync(message, cancellationToken);
            else if ((await SmtpLoad.RunAsync(one!, cancellationToken)).Accepted != 1) throw new InvalidOperationException("The message was refused.");
            var accepted = Stopwatch.GetTimestamp();
            await told;
            latencies.Add(accepted);
        }
        return latencies;
    }

    private static async Task ToldAsync(ImapSession session, int messages, CancellationToken cancellationToken)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"* {messages} EXISTS");
        while (await session.Connection.ReadLineAsync(cancellationToken) != line) { }
    }
}
