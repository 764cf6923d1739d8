using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Merpati.TestKit;

/// <summary>What became of a load.</summary>
/// <param name="Acknowledged">Messages that got a 250.</param>
/// <param name="CutOff">Messages that got no answer, or "later": each may be there once.</param>
/// <param name="Found">Different messages in the mailboxes.</param>
/// <param name="Lost">Acknowledged, and nowhere.</param>
/// <param name="Doubled">More than once in the mailboxes.</param>
/// <param name="Changed">Not byte for byte what was sent.</param>
/// <param name="OutOfOrder">Mailboxes whose UIDs do not ascend.</param>
public sealed record MailLoadReport(int Acknowledged, int CutOff, int Found, IReadOnlyList<string> Lost, IReadOnlyList<string> Doubled, IReadOnlyList<string> Changed, IReadOnlyList<string> OutOfOrder)
{
    public bool IsClean => Lost.Count + Doubled.Count + Changed.Count + OutOfOrder.Count == 0;

    public override string ToString()
        => $"{Acknowledged} acknowledged, {CutOff} cut off or put off, {Found} found, lost {Lost.Count}, doubled {Doubled.Count}, changed {Changed.Count}, mailboxes out of order {OutOfOrder.Count}"
            + (IsClean ? "" : ": " + string.Join(", ", Lost.Concat(Doubled).Concat(Changed).Concat(OutOfOrder).Take(20)));
}

/// <summary>
/// Sends numbered messages over many connections, whatever happens to the server meanwhile, and keeps account of each answer:
/// a 250 is a promise, so what got one must be in the mailbox exactly once, byte for byte; what got no answer, or was put off, is there once or never.
/// </summary>
public sealed class MailLoad(IReadOnlyList<(string Address, string Password)> accounts)
{
    private const string IdHeader = "X-Load-Id: ";

    private readonly ConcurrentDictionary<string, byte[]> _acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _unanswered = new(StringComparer.Ordinal);
    private int _next;
    private int _refused;
    private int _connections;

    public int Acknowledged => _acknowledged.Count;

    /// <summary>Answers other than 250, all of which said "later".</summary>
    public int Refused => _refused;

    /// <summary>How often a client had to connect.</summary>
    public int Connections => _connections;

    /// <summary>Sends until so many are acknowledged.</summary>
    /// <param name="port">Where the next connection goes.</param>
    /// <exception cref="InvalidOperationException">A message was refused for good.</exception>
    public Task SendAsync(int messages, int connections, Func<int> port) => SendAsync(() => _acknowledged.Count < messages, connections, port);

    /// <summary>Sends as long as there is more to send.</summary>
    public Task SendAsync(Func<bool> more, int connections, Func<int> port)
        => Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (more())
            {
                try { await SendOverOneAsync(more, port()); }
                catch (Exception e) when (e is IOException or SocketException or OperationCanceledException) { }
                // The server is dead or being started, or has just said "later".
                if (more()) await Task.Delay(20, CancellationToken.None);
            }
        })));

    /// <summary>Reads all mailboxes over IMAP and compares.</summary>
    public async Task<MailLoadReport> CompareAsync(int imapsPort)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        var (changed, outOfOrder) = (new List<string>(), new List<string>());
        foreach (var (address, password) in accounts)
        {
            await using var imap = await MailWire.ConnectAsync(imapsPort, tls: true);
            await imap.ImapLineAsync();
            var login = await imap.ImapAsync($"LOGIN \"{address}\" \"{password}\"");
            if (!login[^1].StartsWith("OK", StringComparison.Ordinal)) throw new InvalidOperationException($"{address}: {login[^1]}");
            await imap.ImapAsync("SELECT INBOX");
            long lastUid = 0;
            foreach (var line in (await imap.ImapAsync("FETCH 1:* (UID BODY.PEEK[])")).Where(line => line.StartsWith("* ", StringComparison.Ordinal) && line.Contains(" FETCH (", StringComparison.Ordinal)))
            {
                var uid = long.Parse(line.AsSpan(line.IndexOf("UID ", StringComparison.Ordinal) + 4).ToString().Split(' ')[0], CultureInfo.InvariantCulture);
                if (uid <= lastUid) outOfOrder.Add(address);
                lastUid = uid;
                var start = line.IndexOf(IdHeader, StringComparison.Ordinal);
                var id = line.AsSpan(start + IdHeader.Length).ToString().Split('\r')[0];
                found[id] = found.GetValueOrDefault(id) + 1;
                var known = _acknowledged.TryGetValue(id, out var sent) || _unanswered.TryGetValue(id, out sent);
                if (!known || line.Length < start + sent!.Length || !line.AsSpan(start, sent.Length).SequenceEqual(Encoding.Latin1.GetString(sent))) changed.Add(id);
            }
        }
        return new MailLoadReport(
            _acknowledged.Count, _unanswered.Count, found.Count,
            [.. _acknowledged.Keys.Where(id => !found.ContainsKey(id))],
            [.. found.Where(pair => pair.Value > 1).Select(pair => pair.Key)],
            changed, outOfOrder);
    }

    private async Task SendOverOneAsync(Func<bool> more, int port)
    {
        Interlocked.Increment(ref _connections);
        await using var smtp = await MailWire.ConnectAsync(port);
        if (!IsOk(await smtp.SmtpReplyAsync(), "220")) return;
        await smtp.SmtpAsync("EHLO client.test");
        while (more())
        {
            var number = Interlocked.Increment(ref _next);
            var id = $"m{number}";
            var message = MessageOf(id, number);
            if (!IsOk(await smtp.SmtpAsync("MAIL FROM:<sender@elsewhere.test>"), "250")) return;
            if (!IsOk(await smtp.SmtpAsync($"RCPT TO:<{accounts[number % accounts.Count].Address}>"), "250")) return;
            if (!IsOk(await smtp.SmtpAsync("DATA"), "354")) return;
            _unanswered[id] = message;
            var reply = await smtp.SmtpDataAsync(message);
            // "Later" after a commit whose end the server could not learn: the message may be there all the same.
            if (!IsOk(reply, "250")) return;
            _acknowledged[id] = message;
            _unanswered.TryRemove(id, out byte[]? _);
        }
    }

    private bool IsOk(string reply, string code)
    {
        if (reply.StartsWith(code, StringComparison.Ordinal)) return true;
        if (reply.StartsWith('5')) throw new InvalidOperationException($"Refused for good: {reply}");
        if (reply.Length > 0) Interlocked.Increment(ref _refused);
        return false;
    }

    private static byte[] MessageOf(string id, int number)
    {
        var text = new StringBuilder($"{IdHeader}{id}\r\nFrom: sender@elsewhere.test\r\nMessage-ID: <{id}@load.test>\r\nSubject: number {number}\r\n\r\n");
        // From a few hundred octets to over a hundred thousand, so that contents of one and of several chunks are hit.
        var lines = number % 50 == 0 ? 2000 : number % 7 * 20 + 5;
        for (var i = 0; i < lines; i++) text.Append(CultureInfo.InvariantCulture, $"{(i % 9 == 0 ? "." : "")}line {i} of message {number}, which is here to take some room\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
