using System.Buffers;
using System.Globalization;
using System.Text;
using Merpati.Protocols.Wire;
using Merpati.TestKit;

namespace Merpati.Fuzz.Sessions;

/// <summary>A client that believes what it is told, and remembers it: the numbers and UIDs of its mailbox, and the flags of its messages. It checks that IMAP allows what it is told.</summary>
internal sealed class FuzzClient(ImapTestServer server, int number, Dialogue dialogue)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private PipeTransport _client = null!;
    private PipeTransport _server = null!;
    private Task _session = Task.CompletedTask;
    private CancellationTokenSource _aborted = new();
    private int _tag;
    private bool _heardGoodbye;

    public int Number => number;

    /// <summary>Grows with each SELECT of each client: who \Recent belongs to.</summary>
    public int Epoch { get; private set; }

    public ClientMailbox? Selected { get; private set; }

    /// <summary>The name of the selected mailbox, which another may have changed meanwhile.</summary>
    public string SelectedName { get; set; } = "";

    /// <summary>Another client deleted the mailbox that is selected here: the session ends when it hears of it.</summary>
    public bool IsLosing { get; set; }

    public bool ReadOnly { get; private set; }

    public bool IsOpen { get; private set; }

    public bool IsIdle { get; private set; }

    public bool CondStore { get; private set; }

    public bool QResync { get; private set; }

    public bool UidOnly { get; private set; }

    public bool Rev2 { get; private set; }

    /// <summary>Messages are named by UID alone.</summary>
    public bool KnowsNoNumbers => UidOnly || Notified == Notified.AtOnce;

    public Notified Notified { get; private set; }

    /// <summary>With NOTIFY: the counters of mailboxes as they were told last, and the names.</summary>
    public Dictionary<string, Dictionary<string, ulong>> Statuses { get; } = new(StringComparer.Ordinal);

    /// <summary>Mailboxes whose counters were not told of as such lately: they were selected, or have another name.</summary>
    public HashSet<string> Unsure { get; } = new(StringComparer.Ordinal);

    /// <summary>Searches that are kept up to date, by their tags.</summary>
    public Dictionary<string, SearchContext> Contexts { get; } = new(StringComparer.Ordinal);

    /// <summary>What '$' stands for.</summary>
    public IReadOnlyCollection<uint> Saved { get; set; } = [];

    /// <summary>The tag of the last command.</summary>
    public string Tag => $"{_tag}";

    /// <summary>What is remembered of mailboxes, across connections.</summary>
    public Dictionary<string, ClientMailbox> Remembered { get; } = new(StringComparer.Ordinal);

    public async Task ConnectAsync()
    {
        await LeaveAsync();
        (_server, _client) = PipeTransport.CreatePair();
        var theirs = _server;
        _aborted = new CancellationTokenSource();
        var aborted = _aborted.Token;
        _session = Task.Run(async () =>
        {
            try { await server.ServeAsync(theirs, new SessionLifetime(CancellationToken.None, aborted)); }
            finally { await theirs.CloseAsync(); }
        });
        _heardGoodbye = false;
        (IsOpen, CondStore, QResync, UidOnly, Rev2, Notified) = (true, false, false, false, false, Notified.No);
        if (!(await LineAsync())!.StartsWith("* OK ", StringComparison.Ordinal)) throw new DisagreementException("No greeting.");
        await RunAsync(new FuzzCommand(CommandKind.Look, $"LOGIN {ImapTestServer.Login} {ImapTestServer.Password}"));
    }

    /// <summary>The connection breaks; what was learnt is remembered.</summary>
    public async Task LeaveAsync()
    {
        if (!IsOpen) return;
        (IsOpen, IsIdle, IsLosing) = (false, false, false);
        Deselect();
        await _client.CloseAsync();
        await _session.WaitAsync(Patience);
        _aborted.Dispose();
    }

    /// <summary>With NOTIFY, hears what there is before it says something: the next command means the messages that both know.</summary>
    public async Task CatchUpAsync()
    {
        if (Notified == Notified.No || !IsOpen || IsIdle) return;
        using var patience = new CancellationTokenSource(Patience);
        while (!_server.IsWaiting && !_session.IsCompleted)
        {
            if (patience.IsCancellationRequested) throw new DisagreementException("The server is busy, and nobody asked it for anything.");
            await Task.Yield();
        }
        while (_client.Input.TryRead(out var read))
        {
            var hasMore = !read.Buffer.IsEmpty;
            _client.Input.AdvanceTo(read.Buffer.Start);
            if (!hasMore || await LineAsync() is not { } line) return;
            _heardGoodbye |= line.StartsWith("* BYE ", StringComparison.Ordinal);
            if (!IsLosing) Take(line, new FuzzCommand(CommandKind.Look, "") { ByUid = true }, new Reply());
        }
    }

    public async Task<Reply> RunAsync(FuzzCommand command)
    {
        if (command.Kind == CommandKind.Select) Deselect();
        if (command.Kind == CommandKind.Notify) Statuses.Clear();
        if (command.Kind == CommandKind.Notify && Selected is not null) Unsure.Add(SelectedName);
        var tag = $"{++_tag}";
        await SendAsync($"{tag} {command.Text}");
        return await ReadReplyAsync(tag, command);
    }

    /// <summary>Listens until the server says goodbye, since the selected mailbox is gone.</summary>
    public async Task LoseAsync()
    {
        var heard = _heardGoodbye;
        try
        {
            await SendAsync(IsIdle ? "DONE" : $"{++_tag} NOOP");
            while (await LineAsync() is { } line) heard |= line.StartsWith("* BYE ", StringComparison.Ordinal);
        }
        catch (IOException) { heard = true; } // it said so before we did
        catch (InvalidOperationException) { heard = true; }
        if (!heard) throw new DisagreementException("The selected mailbox is gone, and the server says no goodbye.");
        await LeaveAsync();
    }

    public async Task BeginIdleAsync()
    {
        await SendAsync($"{++_tag} IDLE");
        while (await LineAsync() is { } line && !line.StartsWith('+')) Take(line, new FuzzCommand(CommandKind.Look, "IDLE") { ByUid = true }, new Reply());
        IsIdle = true;
    }

    public async Task<Reply> EndIdleAsync()
    {
        IsIdle = false;
        await SendAsync("DONE");
        return await ReadReplyAsync($"{_tag}", new FuzzCommand(CommandKind.Look, "DONE") { ByUid = true });
    }

    private async Task<Reply> ReadReplyAsync(string tag, FuzzCommand command)
    {
        var reply = new Reply();
        while (true)
        {
            if (await LineAsync() is not { } line)
            {
                IsOpen = false;
                Deselect();
                if (reply.Status.Length == 0) throw new DisagreementException($"The connection ended in {command.Text}.");
                return reply;
            }
            var words = line.Split(' ', 3);
            if (words[0] != tag && !(command.Kind == CommandKind.Broken && words[0] == "*" && words[1] == "BAD"))
            {
                Take(line, command, reply);
                continue;
            }
            reply.Status = words[1];
            if (words.Length > 2 && words[2].StartsWith('[')) reply.Code = words[2][1..words[2].IndexOf(']', StringComparison.Ordinal)];
            Complete(command, reply);
            return reply;
        }
    }

    /// <summary>What the command itself means for the view; untagged responses have been taken.</summary>
    private void Complete(FuzzCommand command, Reply reply)
    {
        if (reply.Code == "SERVERBUG" || reply.Code == "UNAVAILABLE") throw new DisagreementException($"{command.Text} failed: {reply.Code}.");
        if (reply.Code.StartsWith("HIGHESTMODSEQ ", StringComparison.Ordinal)) reply.HighestModSeq = ulong.Parse(reply.Code[14..], CultureInfo.InvariantCulture);
        if (reply.Ok && command.EnablesCondStore) CondStore = true;
        if (command.Kind == CommandKind.Close && reply.Ok || command.Kind == CommandKind.Select && !reply.Ok) Deselect();
        if (command.Kind == CommandKind.Notify && reply.Ok) Notified = command.Notified;
        if (command is { Kind: CommandKind.Search, Return.Save: true } && !reply.Ok) Saved = [];
        if (Selected is not { } mailbox) return;
        mailbox.Synchronised(reply);
        if (command is { Kind: CommandKind.Store, Silent: true } && reply.Status != "BAD" && !ReadOnly) StoreSilently(mailbox, command, reply);
    }

    /// <summary>With .SILENT the client knows by itself what became of the flags (RFC 3501 §6.4.6).</summary>
    private static void StoreSilently(ClientMailbox mailbox, FuzzCommand command, Reply reply)
    {
        if (reply.Status == "NO" && reply.Code.Split(' ')[0] is not ("MODIFIED" or "EXPUNGEISSUED")) return;
        var modified = reply.Code.StartsWith("MODIFIED ", StringComparison.Ordinal) ? ResponseParser.Set(reply.Code[9..]) : [];
        if (!command.ByUid) modified = modified.ConvertAll(number => mailbox.Uids[(int)number - 1]);
        foreach (var uid in mailbox.Targets)
        {
            // What was told with flags while the command ran is newer than what it asked for, or the same.
            if (!modified.Contains(uid) && !reply.Fetched.Exists(fetched => fetched.Uid == uid && fetched.Items.ContainsKey("FLAGS"))) mailbox.Apply(uid, command.Operation, command.Flags);
        }
    }

    private void Take(string line, FuzzCommand command, Reply reply)
    {
        // What was told of the mailbox before, while the SELECT was on its way.
        var isOld = command.Kind == CommandKind.Select && Selected is null;
        if (!line.StartsWith("* ", StringComparison.Ordinal)) throw new DisagreementException($"Neither tagged nor untagged: {line}");
        if (line.StartsWith("* OK ", StringComparison.Ordinal) || line.StartsWith("* NO ", StringComparison.Ordinal) || line.StartsWith("* BYE", StringComparison.Ordinal))
        {
            TakeCode(line, command, reply);
            return;
        }
        var words = ResponseParser.Parse(line[2..]);
        var second = words.Count > 1 ? words[1] as string : null;
        switch (words[0] as string)
        {
            case "SEARCH" or "SORT":
                reply.Found = [.. words.Skip(1).OfType<string>().Select(ResponseParser.Number)];
                return;
            case "ESEARCH":
                if (!isOld) TakeESearch(words, command, reply);
                return;
            case "THREAD":
                reply.Threads = [.. words.Skip(1).Select(thread => ResponseParser.Numbers(thread).ToList())];
                return;
            case "STATUS":
                TakeStatus((string)words[1], ResponseParser.Pairs((List<object>)words[2]).ToDictionary(item => item.Key, item => ResponseParser.ModSeq(item.Value), StringComparer.Ordinal), reply);
                return;
            case "LIST":
                TakeList(words, reply);
                return;
            case "METADATA":
                if (words[2] is List<object> entries) reply.Annotation = entries[1] is "NIL" ? null : (string)entries[1];
                return;
            case "ENABLED":
                foreach (var extension in words.Skip(1).OfType<string>()) Enabled(extension);
                return;
            case "VANISHED" when isOld:
                return;
            case "VANISHED":
                TakeVanished(words, command);
                return;
            case "FLAGS" or "CAPABILITY" or "NAMESPACE" or "ID":
                return;
        }
        if (isOld) return;
        if (Selected is not { } mailbox) throw new DisagreementException($"Nothing is selected: {line}");
        switch (second)
        {
            case "EXISTS":
                mailbox.Exists((int)ResponseParser.Number((string)words[0]));
                break;
            case "RECENT":
                if (Rev2) throw new DisagreementException("RECENT is not of IMAP4rev2.");
                break;
            case "EXPUNGE":
                if (QResync || UidOnly) throw new DisagreementException("EXPUNGE, and the client knows VANISHED.");
                MayExpunge(command);
                mailbox.Expunge((int)ResponseParser.Number((string)words[0]));
                break;
            case "FETCH":
                if (UidOnly) throw new DisagreementException("FETCH, and the client knows no numbers.");
                var message = (int)ResponseParser.Number((string)words[0]);
                TakeFetch(mailbox.Fetched(message, ResponseParser.Pairs((List<object>)words[2])), ResponseParser.Pairs((List<object>)words[2]), command, reply);
                break;
            case "UIDFETCH":
                if (!UidOnly) throw new DisagreementException("UIDFETCH without UIDONLY.");
                TakeFetch(mailbox.FetchedByUid(ResponseParser.Number((string)words[0])), ResponseParser.Pairs((List<object>)words[2]), command, reply);
                break;
            default:
                throw new DisagreementException($"What is {line}?");
        }
    }

    private void TakeFetch(uint uid, Dictionary<string, object> items, FuzzCommand command, Reply reply)
    {
        if (Rev2 && !UidOnly && command.Kind is not (CommandKind.Fetch or CommandKind.Store) && !items.ContainsKey("UID")) throw new DisagreementException("FETCH that nobody asked for without a UID (RFC 9051 §7.5.2).");
        if (QResync && !UidOnly && !items.ContainsKey("UID")) throw new DisagreementException("FETCH without a UID, and QRESYNC is enabled (RFC 7162 §3.2.4).");
        if (CondStore && items.ContainsKey("FLAGS") && !items.ContainsKey("MODSEQ")) throw new DisagreementException("FLAGS without a MODSEQ, and the client knows mod-sequences (RFC 7162 §3.1).");
        reply.Fetched.Add((uid, items));
        var modSeq = items.TryGetValue("MODSEQ", out var value) ? ResponseParser.ModSeq(value) : 0;
        reply.FetchedModSeq = Math.Max(reply.FetchedModSeq, modSeq);
        if (!items.TryGetValue("FLAGS", out var flags)) return;
        var names = ((List<object>)flags).OfType<string>().ToList();
        if (Rev2 && names.Contains("\\Recent", StringComparer.OrdinalIgnoreCase)) throw new DisagreementException("\\Recent is not of IMAP4rev2.");
        Selected!.Told(uid, names, modSeq);
    }

    private void TakeVanished(List<object> words, FuzzCommand command)
    {
        if (Selected is not { } mailbox) throw new DisagreementException("VANISHED, and nothing is selected.");
        if (words[1] is List<object>)
        {
            if (!command.AsksVanished) throw new DisagreementException("VANISHED (EARLIER) that nobody asked for.");
            mailbox.VanishedEarlier(ResponseParser.Set((string)words[2]));
            return;
        }
        if (!QResync && !UidOnly) throw new DisagreementException("VANISHED, and the client knows EXPUNGE.");
        MayExpunge(command);
        foreach (var uid in ResponseParser.Set((string)words[1])) mailbox.Vanished(uid, ordered: !UidOnly);
    }

    private void MayExpunge(FuzzCommand command)
    {
        if (Notified == Notified.AtOnce) return;
        if (command.KeepsNumbers) throw new DisagreementException($"Numbers shift under {command.Text} (RFC 3501 §7.4.1).");
        if (command.Kind is CommandKind.Select) throw new DisagreementException("Numbers shift in SELECT.");
    }

    private void TakeCode(string line, FuzzCommand command, Reply reply)
    {
        var open = line.IndexOf('[', StringComparison.Ordinal);
        if (open is not (5 or 6)) return;
        var code = line[(open + 1)..line.IndexOf(']', StringComparison.Ordinal)].Split(' ');
        switch (code[0])
        {
            case "UIDVALIDITY":
                Selected!.IsOf(ResponseParser.Number(code[1]));
                break;
            case "HIGHESTMODSEQ":
                reply.HighestModSeq = ulong.Parse(code[1], CultureInfo.InvariantCulture);
                break;
            case "COPYUID" or "APPENDUID":
                reply.UntaggedUid = string.Join(' ', code);
                break;
            case "NOUPDATE":
                Contexts.Remove(Tag);
                break;
            case "PERMANENTFLAGS" when command.Kind == CommandKind.Select:
                Open(command);
                break;
        }
    }

    /// <summary>SELECT has come so far that what follows is of the new mailbox. FLAGS and PERMANENTFLAGS come before EXISTS here.</summary>
    private void Open(FuzzCommand command)
    {
        if (!Remembered.TryGetValue(command.Mailbox, out var mailbox)) Remembered.Add(command.Mailbox, mailbox = new ClientMailbox());
        mailbox.Opening(keep: command.AsksVanished);
        (Selected, SelectedName, ReadOnly) = (mailbox, command.Mailbox, command.ReadOnly);
        Unsure.Add(command.Mailbox);
        Epoch++;
    }

    private void Deselect()
    {
        Selected = null;
        Contexts.Clear();
        Saved = [];
    }

    /// <summary>The deleted mailbox was our own.</summary>
    public void Deleted() => Deselect();

    private void TakeESearch(List<object> words, FuzzCommand command, Reply reply)
    {
        var tag = words.Count > 1 && words[1] is List<object> correlator ? (string)correlator[1] : "";
        var at = 1 + (tag.Length > 0 ? 1 : 0);
        if (words.ElementAtOrDefault(at) is "UID") at++;
        var results = ResponseParser.Pairs(words[at..]);
        if (results.ContainsKey("ADDTO") || results.ContainsKey("REMOVEFROM"))
        {
            if (!Contexts.TryGetValue(tag, out var context)) throw new DisagreementException($"ESEARCH of {tag}, which is no search that is kept up to date.");
            if (results.TryGetValue("REMOVEFROM", out var removed)) context.Remove(ResponseParser.Set((string)((List<object>)removed)[1]));
            if (results.TryGetValue("ADDTO", out var added)) context.Add(ResponseParser.Set((string)((List<object>)added)[1]));
            return;
        }
        if (tag != Tag) throw new DisagreementException($"ESEARCH with the tag {tag}, not {Tag}.");
        if (command.Kind == CommandKind.SearchMailboxes)
        {
            if (words[1] is not List<object> { Count: 6 } place || place[2] is not "MAILBOX" || place[4] is not "UIDVALIDITY") throw new DisagreementException("ESEARCH that names no mailbox.");
            if (!reply.FoundIn.TryAdd((string)place[3], (ResponseParser.Number((string)place[5]), ResponseParser.Set((string)results["ALL"])))) throw new DisagreementException($"{place[3]} was searched twice.");
            return;
        }
        reply.Extended = true;
        reply.Found = results.TryGetValue("ALL", out var all) ? ResponseParser.Set((string)all) : [];
        if (command.Return is { Update: true }) Contexts[tag] = new SearchContext(command.Matches!, reply.Found);
        if (results.TryGetValue("MIN", out var min)) reply.Min = ResponseParser.Number((string)min);
        if (results.TryGetValue("MAX", out var max)) reply.Max = ResponseParser.Number((string)max);
        if (results.TryGetValue("COUNT", out var count)) reply.Count = ResponseParser.Number((string)count);
        if (results.TryGetValue("PARTIAL", out var partial)) reply.Partial = ((List<object>)partial)[1] is "NIL" ? [] : ResponseParser.Set((string)((List<object>)partial)[1]);
    }

    /// <summary>SIZE is asked for by STATUS alone, and never told by NOTIFY.</summary>
    private void TakeStatus(string mailbox, Dictionary<string, ulong> items, Reply reply)
    {
        if (items.ContainsKey("SIZE"))
        {
            foreach (var (item, value) in items) reply.StatusItems[item] = value;
        }
        else
        {
            Statuses[mailbox] = items;
            Unsure.Remove(mailbox);
        }
    }

    private void TakeList(List<object> words, Reply reply)
    {
        var name = (string)words[3];
        reply.Listed.Add(name);
        Unsure.Add(name);
        if (words.Count > 4 && words[4] is List<object> extended && extended[0] is "OLDNAME") Unsure.Add((string)((List<object>)extended[1])[0]);
    }

    private void Enabled(string extension)
    {
        switch (extension)
        {
            case "CONDSTORE": CondStore = true; break;
            case "QRESYNC": QResync = CondStore = true; break;
            case "UIDONLY": UidOnly = true; break;
            case "IMAP4rev2": Rev2 = true; break;
        }
    }

    private async Task SendAsync(string text)
    {
        dialogue.Add($"C{number}: {text.TrimEnd()}");
        using var patience = new CancellationTokenSource(Patience);
        await _client.Output.WriteAsync(Encoding.Latin1.GetBytes(text + "\r\n"), patience.Token);
    }

    /// <summary>The next response; its literals stand in it as quoted strings. Null at the end of the connection.</summary>
    private async Task<string?> LineAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var response = new StringBuilder();
        try
        {
            while (true)
            {
                var read = await _client.Input.ReadAsync(patience.Token);
                if (read.Buffer.PositionOf((byte)'\n') is not { } end)
                {
                    _client.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    if (read.IsCompleted) return null;
                    continue;
                }
                var line = Encoding.Latin1.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                _client.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                var brace = line.EndsWith('}') ? line.LastIndexOf('{') : -1;
                if (brace < 0)
                {
                    response.Append(line);
                    dialogue.Add($"S{number}: {(response.Length > 300 ? response.ToString(0, 300) + "…" : response)}");
                    return response.ToString();
                }
                response.Append(line, 0, brace).Append('"');
                var octets = int.Parse(line.AsSpan(brace + 1).TrimEnd('}'), CultureInfo.InvariantCulture);
                if (octets > 0)
                {
                    var literal = await _client.Input.ReadAtLeastAsync(octets, patience.Token);
                    if (literal.Buffer.Length < octets) return null;
                    var text = literal.Buffer.Slice(0, octets);
                    response.Append(Encoding.Latin1.GetString(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings("~"));
                    _client.Input.AdvanceTo(text.End);
                }
                response.Append('"');
            }
        }
        catch (OperationCanceledException) { throw new DisagreementException("The server hangs."); }
    }
}

/// <summary>A search of the selected mailbox that the server keeps up to date (RFC 5267 §4.3), in UIDs.</summary>
internal sealed class SearchContext(Func<ModelMessage, bool> matches, IEnumerable<uint> found)
{
    private readonly SortedSet<uint> _found = [.. found];

    public Func<ModelMessage, bool> Matches => matches;

    public IReadOnlyCollection<uint> Found => _found;

    public void Remove(IEnumerable<uint> uids)
    {
        foreach (var uid in uids)
        {
            if (!_found.Remove(uid)) throw new DisagreementException($"REMOVEFROM of UID {uid}, which the result does not hold.");
        }
    }

    public void Add(IEnumerable<uint> uids)
    {
        foreach (var uid in uids)
        {
            if (!_found.Add(uid)) throw new DisagreementException($"ADDTO of UID {uid}, which the result holds.");
        }
    }
}
