using Merpati.TestKit;

namespace Merpati.Fuzz.Sessions;

/// <summary>Does to a model what the server has to do to its mailboxes, and compares: the store, the reply, and what the client believes by now.</summary>
internal sealed class Oracle(ImapTestServer server, IReadOnlyList<FuzzClient> clients)
{
    /// <summary>Mailboxes of every account that nothing is done to.</summary>
    private static readonly string[] Others = ["Drafts", "Junk", "Sent", "Trash"];

    private readonly SortedDictionary<string, MailboxModel> _mailboxes = new(CommandMix.Mailboxes.ToDictionary(name => name, name => new MailboxModel(name), StringComparer.Ordinal), StringComparer.Ordinal);
    private readonly Dictionary<(string Name, uint Validity), MailboxModel> _validities = [];
    private readonly RecentMessages _recent = new();

    public MailboxModel this[string mailbox] => _mailboxes[mailbox];

    /// <summary>The messages that the command names, in the client's view of this moment.</summary>
    public static IReadOnlyList<uint> Targets(FuzzCommand command, FuzzClient client)
    {
        if (client.Selected is not { } mailbox || command.Messages is not { } set || command.IsOutOfRange) return [];
        var named = set.Of(mailbox.Uids, command.ByUid);
        return command.Partial is { } partial ? [.. SearchReturn.Of(named, partial)] : named;
    }

    /// <summary>The client hears what NOTIFY tells it, if it asked for that.</summary>
    public async Task CatchUpAsync(FuzzClient client)
    {
        await client.CatchUpAsync();
        if (client is { Selected: { } known, IsLosing: false }) LearnUids(known, _mailboxes[client.SelectedName]);
    }

    /// <param name="mailbox">That was selected before the command.</param>
    /// <param name="view">The UIDs of the client's numbers before the command.</param>
    public async Task AfterAsync(FuzzCommand command, FuzzClient client, Reply reply, MailboxModel? mailbox, IReadOnlyList<uint> view, IReadOnlyList<uint> targets)
    {
        Answered(command, reply);
        if (reply.Status != "BAD") Expect(command, client, reply, mailbox, view, targets);
        await VerifyStoreAsync();
        if ((reply.Status != "BAD" || command.IsOutOfRange) && client.Selected is { } known) VerifyView(command, client, known, _mailboxes[client.SelectedName], _recent);
    }

    /// <summary>BAD to what is not IMAP, and to nothing else.</summary>
    public static void Answered(FuzzCommand command, Reply reply)
    {
        if (command.Kind == CommandKind.Broken || command.IsOutOfRange) Demand(reply.Status == "BAD", $"{reply.Status}, not BAD");
        else Demand(reply.Status is "OK" or "NO", $"{reply.Status} to a command that is right");
    }

    public async Task VerifyStoreAsync()
    {
        foreach (var (name, model) in _mailboxes)
        {
            await model.VerifyAsync(server);
            // A name, a UIDVALIDITY and a UID are one message for ever (RFC 3501 §2.3.1.1).
            if (!_validities.TryAdd((name, model.Validity), model)) Demand(_validities[(name, model.Validity)] == model, $"{name} has the UIDVALIDITY of another that had the name");
        }
    }

    /// <summary>Whether the counters that NOTIFY told are those of the mailboxes.</summary>
    public bool IsToldOf(FuzzClient client) => _mailboxes.Values.All(model =>
    {
        if (client.Unsure.Contains(model.Name)) return true;
        if (!client.Statuses.TryGetValue(model.Name, out var status)) return model.Messages.Count == 0;
        return status["MESSAGES"] == (ulong)model.Messages.Count && status["UIDNEXT"] == model.UidNext && status["UIDVALIDITY"] == model.Validity
            && status["UNSEEN"] == (ulong)model.Messages.Values.Count(message => !message.Flags.Contains("\\Seen")) && (!status.TryGetValue("HIGHESTMODSEQ", out var highest) || highest == model.Highest);
    });

    private void Expect(FuzzCommand command, FuzzClient client, Reply reply, MailboxModel? mailbox, IReadOnlyList<uint> view, IReadOnlyList<uint> targets)
    {
        List<ModelMessage> live = mailbox is null ? [] : targets.Where(mailbox.Messages.ContainsKey).Select(uid => mailbox.Messages[uid]).ToList();
        switch (command.Kind)
        {
            case CommandKind.Fetch:
                ExpectFetch(command, client, reply, targets, live);
                break;
            case CommandKind.Store:
                ExpectStore(command, client, reply, targets, live, view);
                break;
            case CommandKind.Expunge:
                Demand(reply.Ok != client.ReadOnly, reply.Status);
                if (reply.Ok) mailbox!.Remove((command.Messages is null ? [.. mailbox.Messages.Values] : live).Where(message => message.Flags.Contains("\\Deleted")).Select(message => message.Uid));
                break;
            case CommandKind.Copy or CommandKind.Move:
                ExpectCopy(command, client, reply, mailbox!, live);
                break;
            case CommandKind.Append:
                if (Append(command, reply) is { } appended) Demand(IsUidCode(reply.Code, appended), $"'{reply.Code}', not UID {string.Join(',', appended)}");
                break;
            case CommandKind.Replace:
                ExpectReplace(command, client, reply, mailbox!, live);
                break;
            case CommandKind.Search or CommandKind.Sort:
                ExpectFound(command, client, reply, mailbox!, view);
                break;
            case CommandKind.Thread:
                ExpectThreads(command, reply, mailbox!, view);
                break;
            case CommandKind.SearchMailboxes:
                ExpectFoundIn(command, client, reply, view);
                break;
            case CommandKind.Status:
                if (_mailboxes.TryGetValue(command.Mailbox, out var asked)) ExpectStatus(reply, asked);
                else Demand(!reply.Ok, "STATUS of no mailbox");
                break;
            case CommandKind.Select:
                Demand(reply.Ok == _mailboxes.ContainsKey(command.Mailbox), reply.Status);
                break;
            case CommandKind.Close:
                if (mailbox is not null && !command.Silent && !client.ReadOnly) mailbox.Remove(mailbox.Messages.Values.Where(message => message.Flags.Contains("\\Deleted")).Select(message => message.Uid));
                break;
            case CommandKind.CancelUpdate:
                Demand(reply.Ok, reply.Status);
                client.Contexts.Remove(command.Tag);
                break;
            case CommandKind.List:
                Demand(reply.Ok && reply.Listed.SetEquals(_mailboxes.Keys.Concat(Others)), $"{string.Join(' ', reply.Listed)}, not {string.Join(' ', _mailboxes.Keys.Concat(Others))}");
                break;
            case CommandKind.Annotate:
                Demand(reply.Ok == _mailboxes.ContainsKey(command.Mailbox), reply.Status);
                if (reply.Ok) _mailboxes[command.Mailbox].Annotation = command.Value;
                break;
            case CommandKind.Annotation:
                Demand(reply.Ok == _mailboxes.ContainsKey(command.Mailbox), reply.Status);
                if (reply.Ok) Demand(reply.Annotation == _mailboxes[command.Mailbox].Annotation, $"the annotation is {reply.Annotation}, not {_mailboxes[command.Mailbox].Annotation}");
                break;
            case CommandKind.Create:
                Demand(reply.Ok != _mailboxes.ContainsKey(command.Mailbox), reply.Status);
                if (reply.Ok) Create(command.Mailbox);
                break;
            case CommandKind.Delete:
                Demand(reply.Ok == (command.Mailbox != "INBOX" && _mailboxes.ContainsKey(command.Mailbox)), reply.Status);
                if (reply.Ok) Delete(command.Mailbox, client);
                break;
            case CommandKind.Rename:
                Demand(reply.Ok == TryRename(command.Mailbox, command.NewName), reply.Status);
                break;
            default:
                Demand(reply.Ok, reply.Status);
                break;
        }
    }

    private void Create(string name)
    {
        for (var at = name.IndexOf('/', StringComparison.Ordinal); at > 0; at = name.IndexOf('/', at + 1)) _mailboxes.TryAdd(name[..at], new MailboxModel(name[..at]));
        _mailboxes.TryAdd(name, new MailboxModel(name));
    }

    private void Delete(string name, FuzzClient client)
    {
        _mailboxes.Remove(name);
        foreach (var other in clients.Where(other => other.Selected is not null && other.SelectedName == name))
        {
            if (other == client) other.Deleted();
            else other.IsLosing = true;
        }
    }

    /// <summary>With all that is below; the messages of INBOX go, and it stays (RFC 3501 §6.3.5).</summary>
    private bool TryRename(string from, string to)
    {
        var moving = _mailboxes.Keys.Where(name => name == from || from != "INBOX" && IsBelow(name, from)).ToList();
        if (moving.Count == 0 || _mailboxes.ContainsKey(to) || IsBelow(to, from)) return false;
        if (from == "INBOX")
        {
            Create(to);
            foreach (var message in _mailboxes[from].Messages.Values) _mailboxes[to].Add(message.Flags, message.Content);
            _mailboxes[from].Remove([.. _mailboxes[from].Messages.Keys]);
            return true;
        }
        if (moving.Exists(name => _mailboxes.ContainsKey(to + name[from.Length..]))) return false;
        var losing = clients.Where(client => client.Selected is not null && !client.IsLosing && moving.Contains(client.SelectedName)).ToList();
        var models = moving.ConvertAll(name => _mailboxes[name]);
        foreach (var name in moving) _mailboxes.Remove(name);
        if (to.LastIndexOf('/') is var at and > 0) Create(to[..at]);
        foreach (var client in losing) client.SelectedName = to + client.SelectedName[from.Length..];
        foreach (var model in models)
        {
            model.Name = to + model.Name[from.Length..];
            _mailboxes.Add(model.Name, model);
        }
        return true;
    }

    private static bool IsBelow(string name, string above) => name.StartsWith(above + "/", StringComparison.Ordinal);

    /// <summary>The UIDs of the messages that the command brings; null where it brings none.</summary>
    private List<uint>? Append(FuzzCommand command, Reply reply)
    {
        var messages = command.Appended.Select(message => (message.Flags, Content: message.Pieces.Select(Text).ToList())).ToList();
        if (!_mailboxes.TryGetValue(command.Mailbox, out var mailbox) || messages.Exists(message => message.Content.Contains(null)))
        {
            Demand(!reply.Ok, reply.Status);
            return null;
        }
        Demand(reply.Ok, $"{reply.Status} {reply.Code}");
        return messages.ConvertAll(message => mailbox.Add(message.Flags, string.Concat(message.Content)).Uid);
    }

    /// <summary>Null for a URL of no message.</summary>
    private string? Text(Piece piece)
    {
        if (piece.Text is not null) return piece.Text;
        if (!_mailboxes.TryGetValue(piece.Mailbox, out var mailbox) || piece.Validity > 0 && piece.Validity != mailbox.Validity || !mailbox.Messages.TryGetValue(piece.Uid, out var message)) return null;
        return piece.OnlyBody ? message.Body : message.Content;
    }

    private static bool IsUidCode(string code, IEnumerable<uint> uids) => code.Split(' ') is ["APPENDUID", _, var set] && ResponseParser.Set(set).SequenceEqual(uids);

    private void ExpectReplace(FuzzCommand command, FuzzClient client, Reply reply, MailboxModel mailbox, List<ModelMessage> live)
    {
        if (client.ReadOnly || live.Count == 0)
        {
            Demand(!reply.Ok, "REPLACE of what cannot be");
            return;
        }
        if (Append(command, reply) is not { } appended) return;
        Demand(IsUidCode(reply.UntaggedUid, appended), $"'{reply.UntaggedUid}', not UID {appended[0]}");
        mailbox.Remove([live[0].Uid]);
    }

    private static void ExpectFound(FuzzCommand command, FuzzClient client, Reply reply, MailboxModel mailbox, IReadOnlyList<uint> view)
    {
        var matching = view.Where(mailbox.Messages.ContainsKey).Select(uid => mailbox.Messages[uid]).Where(command.Matches!);
        List<uint> uids = [.. (command.Order is null ? matching : command.Order(matching)).Select(message => message.Uid)];
        var found = command.ByUid ? uids : uids.ConvertAll(uid => (uint)(view.ToList().IndexOf(uid) + 1));
        var told = $"told {string.Join(',', reply.Found ?? [])} MIN {reply.Min} MAX {reply.Max} COUNT {reply.Count} PARTIAL {string.Join(',', reply.Partial ?? [])}, not {string.Join(',', found)}";
        Demand(reply.Ok, reply.Status);
        var returns = command.Return;
        if (returns is null)
        {
            Demand(reply.Extended == (client.Rev2 && command.Kind == CommandKind.Search) && reply.Found is not null && reply.Found.SequenceEqual(found), told);
            return;
        }
        Demand(reply.Extended == (returns.Answers || !returns.Save), told);
        Demand((reply.Found ?? []).SequenceEqual(returns.TellsAll ? found : []), told);
        Demand(reply.Min == (returns.Min && found.Count > 0 ? found[0] : null) && reply.Max == (returns.Max && found.Count > 0 ? found[^1] : null) && reply.Count == (returns.Count ? (uint)found.Count : null), told);
        if (returns.Partial is { } partial) Demand(reply.Partial is not null && reply.Partial.SequenceEqual(SearchReturn.Of(found, partial)), told);
        if (returns.Save) client.Saved = [.. returns.Saved(uids)];
    }

    /// <summary>In the selected mailbox, what the client knows of; where nothing is found nothing is told.</summary>
    private void ExpectFoundIn(FuzzCommand command, FuzzClient client, Reply reply, IReadOnlyList<uint> view)
    {
        Demand(reply.Ok, reply.Status);
        var expected = command.Mailboxes.Where(_mailboxes.ContainsKey).Select(name => _mailboxes[name])
            .Select(mailbox => (mailbox.Name, mailbox.Validity, Uids: mailbox.Messages.Values.Where(command.Matches!).Select(message => message.Uid).Where(uid => client.Selected is null || client.SelectedName != mailbox.Name || view.Contains(uid)).ToList()))
            .Where(mailbox => mailbox.Uids.Count > 0).ToList();
        Demand(reply.FoundIn.Keys.ToHashSet().SetEquals(expected.Select(mailbox => mailbox.Name)), $"found in {string.Join(' ', reply.FoundIn.Keys)}, not in {string.Join(' ', expected.Select(mailbox => mailbox.Name))}");
        foreach (var (name, validity, uids) in expected)
            Demand(reply.FoundIn[name] is var found && found.Validity == validity && found.Uids.SequenceEqual(uids), $"found {string.Join(',', found.Uids)} in {name}, not {string.Join(',', uids)}");
    }

    private static void ExpectThreads(FuzzCommand command, Reply reply, MailboxModel mailbox, IReadOnlyList<uint> view)
    {
        var matching = view.Select((uid, index) => (Uid: uid, Number: command.ByUid ? uid : (uint)index + 1)).Where(one => mailbox.Messages.TryGetValue(one.Uid, out var message) && command.Matches!(message)).ToList();
        Demand(reply.Ok && reply.Threads is not null, reply.Status);
        if (command.Silent)
        {
            // All are of one date: a conversation is where its first message is.
            var expected = matching.GroupBy(one => mailbox.Messages[one.Uid].Subject, StringComparer.Ordinal).Select(group => string.Join(' ', group.Select(one => one.Number)));
            Demand(reply.Threads!.Select(thread => string.Join(' ', thread)).SequenceEqual(expected), $"not {string.Join(", ", expected)}");
        }
        else Demand(reply.Threads!.SelectMany(thread => thread).Order().SequenceEqual(matching.Select(one => one.Number)), $"not {string.Join(',', matching.Select(one => one.Number))}");
    }

    private static void ExpectFetch(FuzzCommand command, FuzzClient client, Reply reply, IReadOnlyList<uint> targets, List<ModelMessage> live)
    {
        Demand(reply.Ok || (!command.ByUid && live.Count < targets.Count), reply.Status);
        var expected = command.ChangedSince is { } since ? live.Where(message => message.ModSeq > since).Select(message => message.Uid) : command.OnlyUids ? targets : live.Select(message => message.Uid);
        foreach (var uid in expected) Demand(reply.Fetched.Exists(fetched => fetched.Uid == uid && (!command.AsksFlags || fetched.Items.ContainsKey("FLAGS"))), $"nothing of UID {uid}");
        foreach (var (uid, items) in reply.Fetched) Demand(targets.Contains(uid) || items.ContainsKey("FLAGS"), $"UID {uid}, which nobody asked for");
        foreach (var message in live)
        {
            foreach (var (item, value) in reply.Fetched.Where(fetched => fetched.Uid == message.Uid).SelectMany(fetched => fetched.Items)) Demand(IsOf(message, item, value), $"{item} of UID {message.Uid} is {value}");
        }
        if (!command.Reads || client.ReadOnly) return;
        foreach (var message in live) message.Apply('+', ["\\Seen"]);
    }

    /// <summary>Line breaks stand as '~' in what was read.</summary>
    private static bool IsOf(ModelMessage message, string item, object value) => item switch
    {
        "BODY[]" => (string)value == message.Content.ReplaceLineEndings("~"),
        "BODY[TEXT]" or "BINARY[1]" => (string)value == message.Body.ReplaceLineEndings("~"),
        "BINARY.SIZE[1]" => (string)value == $"{message.Body.Length}",
        "RFC822.SIZE" => (string)value == $"{message.Size}",
        _ => true,
    };

    private static void ExpectStore(FuzzCommand command, FuzzClient client, Reply reply, IReadOnlyList<uint> targets, List<ModelMessage> live, IReadOnlyList<uint> view)
    {
        if (client.ReadOnly)
        {
            Demand(!reply.Ok, "a change in a mailbox that is open read-only");
            return;
        }
        Demand(reply.Ok || (!command.ByUid && live.Count < targets.Count), reply.Status);
        var changing = live.Where(message => command.UnchangedSince is not { } since || message.ModSeq <= since).ToList();
        foreach (var message in changing) message.Apply(command.Operation, command.Flags);
        var told = reply.Code.StartsWith("MODIFIED ", StringComparison.Ordinal) ? ResponseParser.Set(reply.Code[9..]) : [];
        var modified = live.Except(changing).Select(message => command.ByUid ? message.Uid : (uint)(view.ToList().IndexOf(message.Uid) + 1)).ToList();
        Demand(told.SequenceEqual(modified), $"MODIFIED {string.Join(',', told)}, not {string.Join(',', modified)}");
        foreach (var message in changing) Demand(command.Silent || reply.Fetched.Exists(fetched => fetched.Uid == message.Uid && fetched.Items.ContainsKey("FLAGS")), $"no flags of UID {message.Uid}");
        if (client.CondStore && command.Silent)
            foreach (var message in changing) Demand(reply.Fetched.Exists(fetched => fetched.Uid == message.Uid && fetched.Items.ContainsKey("MODSEQ")), $"no MODSEQ of UID {message.Uid} (RFC 7162 §3.1.3)");
    }

    private void ExpectCopy(FuzzCommand command, FuzzClient client, Reply reply, MailboxModel mailbox, List<ModelMessage> live)
    {
        var moves = command.Kind == CommandKind.Move;
        if (moves && client.ReadOnly)
        {
            Demand(!reply.Ok, "MOVE out of a mailbox that is open read-only");
            return;
        }
        if (!_mailboxes.TryGetValue(command.Mailbox, out var destination))
        {
            Demand(live.Count == 0 || reply is { Ok: false, Code: "TRYCREATE" }, $"{reply.Status} {reply.Code} to no mailbox");
            return;
        }
        Demand(reply.Ok || (!command.ByUid && live.Count == 0), reply.Status);
        if (live.Count == 0) return;
        var copies = live.ConvertAll(message => destination.Add(message.Flags, message.Content));
        if (moves) mailbox.Remove(live.Select(message => message.Uid));
        var words = (moves ? reply.UntaggedUid : reply.Code).Split(' ');
        Demand(words[0] == "COPYUID" && ResponseParser.Set(words[2]).SequenceEqual(live.Select(message => message.Uid)) && ResponseParser.Set(words[3]).SequenceEqual(copies.Select(message => message.Uid)),
            $"'{string.Join(' ', words)}', not {string.Join(',', live.Select(message => message.Uid))} to {string.Join(',', copies.Select(message => message.Uid))}");
    }

    private static void ExpectStatus(Reply reply, MailboxModel mailbox)
    {
        Demand(reply.Ok, reply.Status);
        foreach (var (item, value) in reply.StatusItems)
        {
            var expected = item switch
            {
                "MESSAGES" => (ulong)mailbox.Messages.Count,
                "UIDNEXT" => mailbox.UidNext,
                "UNSEEN" => (ulong)mailbox.Messages.Values.Count(message => !message.Flags.Contains("\\Seen")),
                "DELETED" => (ulong)mailbox.Messages.Values.Count(message => message.Flags.Contains("\\Deleted")),
                "SIZE" => (ulong)mailbox.Messages.Values.Sum(message => message.Size),
                _ => mailbox.Highest,
            };
            Demand(value == expected, $"{item} is {value}, not {expected}");
        }
    }

    /// <summary>After each command the client knows what is new; only what is gone may be held back, where numbers must not shift.</summary>
    public static void VerifyView(FuzzCommand command, FuzzClient client, ClientMailbox known, MailboxModel model, RecentMessages recent)
    {
        LearnUids(known, model);
        // Without numbers there is no order to be told in.
        if (client.UidOnly) known.Uids.Sort();
        var uids = command.KeepsNumbers ? known.Uids.Where(model.Messages.ContainsKey) : known.Uids;
        Demand(uids.SequenceEqual(model.Messages.Keys), $"client {client.Number} believes in UIDs {string.Join(',', known.Uids)}, there are {string.Join(',', model.Messages.Keys)}");
        foreach (var uid in known.Cached)
        {
            if (!model.Messages.TryGetValue(uid, out var message)) Demand(known.Uids.Contains(uid), $"client {client.Number} was not told that UID {uid} is gone");
            else Demand(message.Flags.SetEquals(known.FlagsOf(uid)!), $"client {client.Number} believes UID {uid} to have ({string.Join(' ', known.FlagsOf(uid)!)}), it has ({string.Join(' ', message.Flags)})");
        }
        Demand(known.HighestModSeq <= model.Highest, $"client {client.Number} was told of mod-sequence {known.HighestModSeq}, the highest is {model.Highest}");
        foreach (var (tag, context) in client.Contexts)
        {
            var found = command.KeepsNumbers ? context.Found.Where(model.Messages.ContainsKey) : context.Found;
            var matching = model.Messages.Values.Where(context.Matches).Select(message => message.Uid);
            Demand(found.SequenceEqual(matching), $"client {client.Number} believes search {tag} to find {string.Join(',', context.Found)}, it is {string.Join(',', matching)}");
        }
        if (!client.ReadOnly) recent.Claim(client, known, model.Validity);
    }

    /// <summary>EXISTS says how many there are; which they are follows from their order.</summary>
    private static void LearnUids(ClientMailbox known, MailboxModel model)
    {
        var unknown = known.Uids.Count(uid => uid == 0);
        if (unknown == 0) return;
        var others = model.Messages.Keys.Except(known.Uids).ToList();
        Demand(others.Count == unknown, $"{known.Uids.Count} EXISTS, there are {string.Join(',', model.Messages.Keys)}");
        var next = 0;
        for (var i = 0; i < known.Uids.Count; i++)
        {
            if (known.Uids[i] == 0) known.Uids[i] = others[next++];
        }
    }

    private static void Demand(bool holds, string what)
    {
        if (!holds) throw new DisagreementException(what);
    }
}

/// <summary>Who was told that a message is \\Recent: one session at the most (RFC 3501 §2.3.2).</summary>
internal sealed class RecentMessages
{
    private readonly Dictionary<(uint Validity, uint Uid), (int Client, int Epoch)> _claims = [];

    public void Claim(FuzzClient client, ClientMailbox mailbox, uint validity)
    {
        foreach (var uid in mailbox.Recent)
        {
            if (!_claims.TryAdd((validity, uid), (client.Number, client.Epoch)) && _claims[(validity, uid)] != (client.Number, client.Epoch)) throw new DisagreementException($"UID {uid} is recent to two sessions");
        }
    }
}
