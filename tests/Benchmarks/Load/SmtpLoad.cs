using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <summary>What the SMTP load is; the same for every server that is compared.</summary>
/// <param name="RecipientPattern">An address in which <c>{0}</c> stands for a number from 0 to <paramref name="Recipients"/> - 1.</param>
internal sealed record SmtpLoadPlan(IPEndPoint Server, int Connections, int Messages, int Size, string RecipientPattern, int Recipients)
{
    /// <summary>Who submits; without a password whoever may without.</summary>
    public string Sender { get; init; } = "sender@remote.test";

    public string? Password { get; init; }

    /// <summary>Messages begun a second, evenly; null for as many as the server takes.</summary>
    public int? Pace { get; init; }

    /// <summary>Told the number of each message when its MAIL is sent (<see cref="Stopwatch.GetTimestamp"/>).</summary>
    public Action<int, long>? OnStart { get; init; }
}

internal sealed record SmtpLoadResult(int Accepted, int Refused, TimeSpan Elapsed, Latencies Latencies)
{
    public double PerSecond => Accepted / Elapsed.TotalSeconds;
}

/// <summary>Sends messages over many connections, each with many messages, as a relaying peer does: MAIL, RCPT and DATA pipelined.</summary>
internal static class SmtpLoad
{
    public const string Usage = "--port N [--host 127.0.0.1] [--connections 10] [--messages 1000] [--size 10240] [--rcpt-pattern user{0}@bench.test] [--recipients 10]";

    public static SmtpLoadPlan Plan(Options options) => new(
        options.EndPoint(25), options.Number("connections", 10), options.Number("messages", 1000), options.Number("size", 10240),
        options.Text("rcpt-pattern", "user{0}@bench.test"), options.Number("recipients", 10));

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        var result = await RunAsync(Plan(options), cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"accepted {result.Accepted} ({result.Refused} refused) in {result.Elapsed.TotalSeconds:F2} s: {result.PerSecond:F0}/s; {result.Latencies}"));
    }

    public static async Task<SmtpLoadResult> RunAsync(SmtpLoadPlan plan, CancellationToken cancellationToken)
    {
        var connections = await ConnectAsync(plan, cancellationToken);
        return await RunAsync(plan, connections, cancellationToken);
    }

    /// <summary>Sessions up to the first MAIL.</summary>
    public static Task<MailConnection[]> ConnectAsync(SmtpLoadPlan plan, CancellationToken cancellationToken)
        => Task.WhenAll(Enumerable.Range(0, plan.Connections).Select(_ => GreetAsync(plan, cancellationToken)));

    /// <summary>Sends over these sessions, and ends them.</summary>
    public static async Task<SmtpLoadResult> RunAsync(SmtpLoadPlan plan, IReadOnlyList<MailConnection> connections, CancellationToken cancellationToken)
    {
        var latencies = new Latencies();
        var next = -1;
        var refused = 0;
        var body = MessageBody(plan.Size);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(connections.Select(async connection =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < plan.Messages;)
            {
                if (plan.Pace is { } pace && TimeSpan.FromSeconds((double)number / pace) - clock.Elapsed is var early && early > TimeSpan.Zero) await Task.Delay(early, cancellationToken);
                if (!await SendMessageAsync(connection, plan, number, body, latencies, cancellationToken)) Interlocked.Increment(ref refused);
            }
        }));
        clock.Stop();
        foreach (var connection in connections)
        {
            await connection.SendAsync("QUIT\r\n", cancellationToken);
            await connection.DisposeAsync();
        }
        return new SmtpLoadResult(latencies.Count, refused, clock.Elapsed, latencies);
    }

    private static async Task<MailConnection> GreetAsync(SmtpLoadPlan plan, CancellationToken cancellationToken)
    {
        var connection = await MailConnection.OpenAsync(plan.Server, tls: false, cancellationToken);
        await connection.ExpectAsync('2', cancellationToken);
        await connection.SendAsync("EHLO bench.test\r\n", cancellationToken);
        await connection.ExpectAsync('2', cancellationToken);
        if (plan.Password is null) return connection;
        await connection.SendAsync($"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{plan.Sender}\0{plan.Password}"))}\r\n", cancellationToken);
        await connection.ExpectAsync('2', cancellationToken);
        return connection;
    }

    /// <returns>False when the server refused the message for now; anything else unexpected ends the run.</returns>
    private static async Task<bool> SendMessageAsync(MailConnection connection, SmtpLoadPlan plan, int number, byte[] body, Latencies latencies, CancellationToken cancellationToken)
    {
        var recipient = Numbered.Name(plan.RecipientPattern, number % plan.Recipients);
        var started = Stopwatch.GetTimestamp();
        plan.OnStart?.Invoke(number, started);
        await connection.SendAsync($"MAIL FROM:<{plan.Sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n", cancellationToken);
        await connection.ExpectAsync('2', cancellationToken);
        await connection.ExpectAsync('2', cancellationToken);
        await connection.ExpectAsync('3', cancellationToken);
        var header = Encoding.ASCII.GetBytes($"From: Sender <{plan.Sender}>\r\nTo: <{recipient}>\r\nSubject: Message {number} of the load\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{Guid.NewGuid():N}@remote.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
        await connection.SendAsync((byte[])[.. header, .. After(body, header.Length), .. ".\r\n"u8], cancellationToken);
        var reply = await connection.ReadLineAsync(cancellationToken);
        if (reply.StartsWith('4')) return false;
        if (!reply.StartsWith('2')) throw new InvalidOperationException($"The server said: {reply}");
        latencies.Add(started);
        return true;
    }

    /// <summary>Lines of words that do not compress to nothing; ends in CRLF.</summary>
    private static byte[] MessageBody(int size)
    {
        var random = new Random(42);
        var body = new byte[Math.Max(size, 2)];
        for (var i = 0; i < body.Length; i++) body[i] = (i % 72) switch { 70 => (byte)'\r', 71 => (byte)'\n', var column when column % 8 == 7 => (byte)' ', _ => (byte)('a' + random.Next(26)) };
        if (body[^2] != '\r') (body[^2], body[^1]) = ((byte)'\r', (byte)'\n');
        return body;
    }

    /// <summary>The body without as many octets as the header has, so that the message has the size asked for; never cut between CR and LF.</summary>
    private static ReadOnlySpan<byte> After(byte[] body, int header)
    {
        var at = Math.Min(header, body.Length - 2);
        return body.AsSpan(body[at] == '\n' ? at - 1 : at);
    }
}
