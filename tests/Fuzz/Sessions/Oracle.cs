using Merpati.TestKit;

namespace Merpati.Fuzz.Sessions;

/// <summary>Does to a model what the server has to do to its mailboxes, and compares: the store, the reply, and what the client believes by now.</summary>
internal sealed class Oracle(ImapTestServer server)
{
    private readonly Dictionary<string, MailboxModel> _mailboxes = CommandMix.Mailboxes.ToDictionary(name => name, name => new MailboxModel(name), StringComparer.Ordinal);
    private readonly Dictionary<(string Mailbox, uint Uid), (int Client, int Epoch)> _recent = [];

    public MailboxModel this[string mailbox] => _mailboxes[mailbox];

    /// <summary>The messages that the command names, in the client's view of this moment.</summary>
    public static IReadOnlyList<uint> Targets(FuzzCommand command, FuzzClient client)
        => client.Selected is { } mailbox && command.Messages is { } set && !command.IsOutOfRange ? set.Of(mailbox.Uids, command.ByUid) : [];

    /// <param name="view">The UIDs of the client's numbers before the command.</param>
    public async Task AfterAsync(FuzzCommand command, FuzzClient client, Reply reply, string? selected, IReadOnlyList<uint> view, IReadOnlyList<uint> targets)
    {
        var mailbox = selected is null ? null : _mailboxes[selected];
        if (command.Kind == CommandKind.Broken || command.IsOutOfRange) Demand(reply.Status == "BAD", $"{reply.Status}, not BAD");
        else Demand(reply.Status is "OK" or "NO", $"{reply.Status} to a command that is right");
        if (reply.Status != "BAD") Expect(command, client, reply, mailbox, view, targets);
        await VerifyStoreAsync();
        if ((reply.Status != "BAD" || command.IsOutOfRange) && client.Selected is { } known) VerifyView(command, client, known);
    }

    public async Task VerifyStoreAsync()
    {
        foreach (var model in _mailboxes.Values) await model.VerifyAsync(server);
    }

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
                var appended = _mailboxes[command.Mailbox].Add(command.Flags, command.Size);
                Demand(reply.Ok && reply.Code.StartsWith("APPENDUID ", StringComparison.Ordinal) && reply.Code.EndsWith($" {appended.Uid}", StringComparison.Ordinal), $"'{reply.Code}', not UID {appended.Uid}");
                break;
            case CommandKind.Search:
                var expected = view.Select((uid, index) => (Uid: uid, Number: (uint)index + 1)).Where(one => mailbox!.Messages.TryGetValue(one.Uid, out var message) && command.Matches!(message)).Select(one => command.ByUid ? one.Uid : one.Number);
                Demand(reply.Ok && reply.Found is not null && reply.Found.SequenceEqual(expected), $"found {string.Join(',', reply.Found ?? [])}, not {string.Join(',', expected)}");
                break;
            case CommandKind.Status:
                ExpectStatus(reply, _mailboxes[command.Mailbox]);
                break;
            case CommandKind.Close:
                if (mailbox is not null && !command.Silent && !client.ReadOnly) mailbox.Remove(mailbox.Messages.Values.Where(message => message.Flags.Contains("\\Deleted")).Select(message => message.Uid));
                break;
            default:
                Demand(reply.Ok, reply.Status);
                break;
        }
    }

    private static void ExpectFetch(FuzzCommand command, FuzzClient client, Reply reply, IReadOnlyList<uint> targets, List<ModelMessage> live)
    {
        Demand(reply.Ok || (!command.ByUid && live.Count < targets.Count), reply.Status);
        var expected = command.ChangedSince is { } since ? live.Where(message => message.ModSeq > since).Select(message => message.Uid) : command.OnlyUids ? targets : live.Select(message => message.Uid);
        foreach (var uid in expected) Demand(reply.Fetched.Exists(fetched => fetched.Uid == uid && (!command.AsksFlags || fetched.Items.ContainsKey("FLAGS"))), $"nothing of UID {uid}");
        foreach (var (uid, items) in reply.Fetched) Demand(targets.Contains(uid) || items.ContainsKey("FLAGS"), $"UID {uid}, which nobody asked for");
        if (!command.Reads || client.ReadOnly) return;
        foreach (var message in live) message.Apply('+', ["\\Seen"]);
    }

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
        Demand(reply.Ok || (!command.ByUid && live.Count == 0), reply.Status);
        if (live.Count == 0) return;
        var copies = live.ConvertAll(message => _mailboxes[command.Mailbox].Add(message.Flags, message.Size));
        if (moves) mailbox.Remove(live.Select(message => message.Uid));
        var words = (moves ? reply.CopyUid : reply.Code).Split(' ');
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
    private void VerifyView(FuzzCommand command, FuzzClient client, ClientMailbox known)
    {
        var model = _mailboxes[known.Name];
        var keepsNumbers = command.Kind is CommandKind.Fetch or CommandKind.Store or CommandKind.Search && !command.ByUid;
        LearnUids(known, model);
        // Without numbers there is no order to be told in.
        if (client.UidOnly) known.Uids.Sort();
        var uids = keepsNumbers ? known.Uids.Where(model.Messages.ContainsKey) : known.Uids;
        Demand(uids.SequenceEqual(model.Messages.Keys), $"client {client.Number} believes in UIDs {string.Join(',', known.Uids)}, there are {string.Join(',', model.Messages.Keys)}");
        foreach (var uid in known.Cached)
        {
            if (!model.Messages.TryGetValue(uid, out var message)) Demand(known.Uids.Contains(uid), $"client {client.Number} was not told that UID {uid} is gone");
            else Demand(message.Flags.SetEquals(known.FlagsOf(uid)!), $"client {client.Number} believes UID {uid} to have ({string.Join(' ', known.FlagsOf(uid)!)}), it has ({string.Join(' ', message.Flags)})");
        }
        Demand(known.HighestModSeq <= model.Highest, $"client {client.Number} was told of mod-sequence {known.HighestModSeq}, the highest is {model.Highest}");
        if (client.ReadOnly) return;
        foreach (var uid in known.Recent)
        {
            if (!_recent.TryAdd((known.Name, uid), (client.Number, client.Epoch))) Demand(_recent[(known.Name, uid)] == (client.Number, client.Epoch), $"UID {uid} is recent to two sessions");
        }
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
