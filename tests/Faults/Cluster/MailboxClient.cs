using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Merpati.TestKit;

namespace Merpati.Tests.Faults.Cluster;

/// <summary>
/// An IMAP client that believes what it is told and nothing else: the list of messages as RFC 3501 §5.5 and §7.4.1 (RFC 9051 §7.5.1) oblige it to keep it.
/// It checks on each line that the server may say that at all.
/// </summary>
internal sealed partial class MailboxClient : IAsyncDisposable
{
    private const int LinesRemembered = 60;

    private readonly MailWire _wire;
    private readonly List<Message> _messages = [];
    private readonly Queue<string> _lines = new();
    private string? _running;
    private int _commands;

    private MailboxClient(string name, MailWire wire)
    {
        Name = name;
        _wire = wire;
    }

    public string Name { get; }

    public int Count => _messages.Count;

    public int Commands => _commands;

    public int Arrivals { get; private set; }

    public int Expunges { get; private set; }

    /// <summary>FETCH responses that no FETCH or STORE of this client asked for.</summary>
    public int News { get; private set; }

    /// <summary>What this client knows of the mailbox, a line a message.</summary>
    public IReadOnlyList<string> View => [.. _messages.Select(message => message.ToString())];

    /// <summary>Opens INBOX; knows how many messages there are, and nothing of them.</summary>
    public static async Task<MailboxClient> OpenAsync(string name, int imapsPort, (string Address, string Password) account, TimeSpan patience)
    {
        var wire = await MailWire.ConnectAsync(imapsPort, tls: true);
        wire.Patience = patience;
        var client = new MailboxClient(name, wire);
        await wire.ImapLineAsync();
        await client.RunAsync($"LOGIN \"{account.Address}\" \"{account.Password}\"");
        await client.RunAsync("SELECT INBOX");
        return client;
    }

    public int? UidOf(int number) => _messages[number - 1].Uid;

    public Task NoopAsync() => RunAsync("NOOP");

    public Task ExpungeAsync() => RunAsync("EXPUNGE");

    public Task UidExpungeAsync(int uid) => RunAsync($"UID EXPUNGE {uid}");

    public Task FetchAsync(int first, int last) => RunAsync($"FETCH {first}:{last} (UID FLAGS)", Numbers(first, last), mayExpunge: false, mayBeGone: true);

    public Task StoreAsync(int first, int last, bool add, bool silent, string flag)
        => StoreAsync($"STORE {first}:{last}", Numbers(first, last), add, silent, flag, mayExpunge: false);

    public Task UidStoreAsync(int number, bool add, bool silent, string flag)
        => StoreAsync($"UID STORE {UidOf(number)}", Numbers(number, number), add, silent, flag, mayExpunge: true);

    public Task AppendAsync(string message, string flag)
        => RunAsync($"APPEND INBOX ({flag}) {{{message.Length}}}", whenContinued: () => _wire.SendAsync(message));

    /// <summary>IDLE until the first news, or that long.</summary>
    public Task IdleAsync(TimeSpan atMost) => RunAsync("IDLE", whenContinued: async () =>
    {
        // Not cancelled when the time is up: half a line read would be lost. The next line is taken by whoever reads next.
        _ahead = _wire.ImapLineAsync();
        await Task.WhenAny(_ahead, Task.Delay(atMost));
        await _wire.SendAsync("DONE");
    });

    /// <summary>Asks for what it does not know yet, and for nothing that it was told.</summary>
    public async Task LearnAsync()
    {
        for (var number = 1; number <= Count; number++)
        {
            if (_messages[number - 1].IsKnown) continue;
            var last = number;
            while (last < Count && !_messages[last].IsKnown) last++;
            await FetchAsync(number, last);
            number = last;
        }
    }

    public async ValueTask DisposeAsync() => await _wire.DisposeAsync();

    private Task<string?>? _ahead;

    private async Task StoreAsync(string command, HashSet<Message> asked, bool add, bool silent, string flag, bool mayExpunge)
    {
        foreach (var message in asked) message.WasTold = false;
        var done = await RunAsync($"{command} {(add ? '+' : '-')}FLAGS{(silent ? ".SILENT" : "")} ({flag})", asked, mayExpunge, mayBeGone: true);
        if (!silent || !done) return;
        // With .SILENT the client makes the change itself (RFC 3501 §6.4.6), unless the server has said what came of it.
        foreach (var message in asked.Where(message => !message.WasTold)) message.Change(add, flag);
    }

    private HashSet<Message> Numbers(int first, int last) => [.. _messages.Skip(first - 1).Take(last - first + 1)];

    /// <returns>False after NO, which is right only when messages are gone that this client has not heard of.</returns>
    private async Task<bool> RunAsync(string command, HashSet<Message>? asked = null, bool mayExpunge = true, bool mayBeGone = false, Func<Task>? whenContinued = null)
    {
        var tag = $"a{++_commands}";
        _running = command;
        Remember($"C: {tag} {command}");
        await _wire.SendAsync($"{tag} {command}");
        while (true)
        {
            var reading = _ahead ?? _wire.ImapLineAsync();
            _ahead = null;
            var line = await reading ?? throw Wrong("closed");
            Remember("S: " + line);
            if (line.StartsWith('+') && whenContinued is not null) await whenContinued();
            else if (line.StartsWith("* ", StringComparison.Ordinal)) Take(line, asked, mayExpunge, withUid: command.StartsWith("UID ", StringComparison.Ordinal));
            else if (line.StartsWith($"{tag} OK", StringComparison.Ordinal)) return true;
            else if (mayBeGone && line.StartsWith($"{tag} NO [EXPUNGEISSUED]", StringComparison.Ordinal)) return false;
            else throw Wrong("an answer that cannot be");
        }
    }

    private void Take(string line, HashSet<Message>? asked, bool mayExpunge, bool withUid)
    {
        if (line.StartsWith("* BYE", StringComparison.Ordinal)) throw Wrong("goodbye");
        if (NumberedLine().Match(line) is not { Success: true } match) return;
        var number = int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        switch (match.Groups["what"].Value)
        {
            case "EXISTS":
                // Also where it came late: only EXPUNGE makes the mailbox smaller (RFC 3501 §7.3.1).
                if (number < Count) throw Wrong("EXISTS shrinks");
                Arrivals += number - Count;
                while (Count < number) _messages.Add(new Message());
                break;
            case "EXPUNGE":
                if (!mayExpunge) throw Wrong("EXPUNGE while numbers are in use");
                CheckNumber(number);
                _messages.RemoveAt(number - 1);
                Expunges++;
                break;
            case "FETCH":
                CheckNumber(number);
                TakeFetch(number, line, asked, withUid);
                break;
        }
    }

    private void TakeFetch(int number, string line, HashSet<Message>? asked, bool withUid)
    {
        var message = _messages[number - 1];
        if (asked?.Contains(message) != true) News++;
        if (UidItem().Match(line) is { Success: true } uid)
        {
            var value = int.Parse(uid.Groups["uid"].Value, CultureInfo.InvariantCulture);
            if (message.Uid is { } known && known != value) throw Wrong($"message {number} had UID {known}");
            message.Uid = value;
            if (_messages.Take(number - 1).Any(other => other.Uid >= value) || _messages.Skip(number).Any(other => other.Uid <= value)) throw Wrong("UIDs do not ascend");
        }
        else if (withUid) throw Wrong("no UID in the answer to a UID command");
        if (FlagsItem().Match(line) is { Success: true } flags) message.Tell(flags.Groups["flags"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private void CheckNumber(int number)
    {
        if (number < 1 || number > Count) throw Wrong($"of {Count} messages that is none");
    }

    private void Remember(string line)
    {
        if (_lines.Count == LinesRemembered) _lines.Dequeue();
        _lines.Enqueue(line);
    }

    public Exception Wrong(string what) => new InvalidOperationException($"{Name}, {_running}: {what}\n{string.Join('\n', _lines)}");

    [GeneratedRegex(@"^\* (?<number>\d+) (?<what>EXISTS|EXPUNGE|FETCH)\b", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex NumberedLine();

    [GeneratedRegex(@"[( ]UID (?<uid>\d+)[ )]", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex UidItem();

    [GeneratedRegex(@"[( ]FLAGS \((?<flags>[^)]*)\)", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex FlagsItem();

    /// <summary>One entry of the list; what was not told is null.</summary>
    private sealed class Message
    {
        private SortedSet<string>? _flags;

        public int? Uid { get; set; }

        public bool IsKnown => Uid is not null && _flags is not null;

        /// <summary>Its flags came while the running STORE ran.</summary>
        public bool WasTold { get; set; }

        public void Tell(IEnumerable<string> flags)
        {
            // \Recent is this session's alone.
            _flags = new SortedSet<string>(flags.Where(flag => flag != "\\Recent"), StringComparer.Ordinal);
            WasTold = true;
        }

        public void Change(bool add, string flag)
        {
            if (add) _flags?.Add(flag);
            else _flags?.Remove(flag);
        }

        public override string ToString() => new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Uid} ({(_flags is null ? "?" : string.Join(' ', _flags))})").ToString();
    }
}
