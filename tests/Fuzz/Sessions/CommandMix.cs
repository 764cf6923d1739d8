using System.Globalization;

namespace Merpati.Fuzz.Sessions;

/// <summary>Which command comes next: anything that makes sense to a client in its state, and now and then something that does not.</summary>
internal static class CommandMix
{
    public static readonly string[] Mailboxes = ["INBOX", "Archive"];

    private static readonly string[] AllFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Junk", "work"];

    /// <summary>Each is a syntax error.</summary>
    private static readonly string[] Nonsense =
    [
        "FETCH", "FETCH 1", "FETCH 0 FLAGS", "FETCH 1: FLAGS", "FETCH 1:*", "FETCH 1,,2 FLAGS", "FETCH 1 (FLAGS", "FETCH 1 NOTHING", "FETCH 1 BODY[", "FETCH 1 BODY[]<0>", "UID FETCH 1:* (FLAGS) (CHANGEDSINCE)",
        "UID FETCH * (FLAGS) (CHANGEDSINCE 99999999999999999999)", "STORE 1 FLAGS", "STORE 1 FLAGS (\\Seen", "STORE 1 +FLAGZ (\\Seen)", "STORE 1 (UNCHANGEDSINCE -1) FLAGS (a)", "STORE -1 FLAGS (a)",
        "UID STORE a FLAGS (b)", "UID", "UID NOOP", "UID EXPUNGE", "EXPUNGE 1", "COPY 1", "COPY 1:2 \"Arch", "MOVE * ", "SEARCH", "SEARCH NO", "SEARCH OR SEEN", "SEARCH (SEEN", "SEARCH UID", "SEARCH BEFORE yesterday", "SEARCH CHARSET",
        "SELECT", "SELECT \"", "SELECT INBOX (QRESYNC)", "SELECT INBOX (CONDSTORE", "SELECT INBOX (QRESYNC (1 0))", "STATUS INBOX", "STATUS INBOX ()", "STATUS INBOX (NOTHING)", "APPEND", "APPEND INBOX", "APPEND INBOX (\\Seen",
        "NOOP 1", "XYZZY", "FETCHX 1 FLAGS", "ENABLE", "LIST", "LIST \"\"", "CREATE", "DELETE", "RENAME a", "CLOSE x", "IDLE now", "LOGIN a b", "STARTTLS", "(", "\"", "FETCH 4294967296 FLAGS", "UID FETCH 1:4294967296 FLAGS",
    ];

    public static FuzzCommand Next(Random random, FuzzClient client)
    {
        if (client.Selected is not { } mailbox) return random.Next(12) switch { < 8 => Select(random, client), 8 => Status(random), 9 => Append(random), 10 => Enable(random), _ => Broken(random) };
        return random.Next(100) switch
        {
            < 22 => Fetch(random, client, mailbox),
            < 44 => Store(random, client, mailbox),
            < 50 => Expunge(random, mailbox),
            < 56 => Copy(random, client, mailbox),
            < 64 => Append(random),
            < 73 => Search(random, client, mailbox),
            < 76 => Status(random),
            < 82 => Select(random, client),
            < 84 => Close(random),
            < 86 => Enable(random),
            < 90 => Broken(random),
            < 92 => new FuzzCommand(CommandKind.Look, "CHECK") { ByUid = true },
            _ => new FuzzCommand(CommandKind.Look, "NOOP") { ByUid = true },
        };
    }

    public static List<string> Flags(Random random, int most = 3) => [.. AllFlags.OrderBy(_ => random.Next()).Take(random.Next(most + 1))];

    public static string Message(Random random) => $"From: bob@example.test\r\nSubject: {random.Next(100)}\r\n\r\n{new string('x', random.Next(40))}\r\n";

    private static FuzzCommand Fetch(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var (byUid, set, outOfRange) = Messages(random, client, mailbox);
        var items = random.Next(12) switch
        {
            0 => "UID",
            1 => "(UID)",
            2 => "(ENVELOPE UID)",
            3 => "(MODSEQ)",
            4 => "(UID FLAGS MODSEQ)",
            5 => "BODY[]",
            6 => "(FLAGS BODY[TEXT])",
            7 => "(RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
            8 => "FAST",
            _ => "(FLAGS)",
        };
        var command = new FuzzCommand(CommandKind.Fetch, "")
        {
            ByUid = byUid, Messages = set, IsOutOfRange = outOfRange,
            OnlyUids = items is "UID" or "(UID)" && !client.CondStore,
            Reads = items is "BODY[]" or "(FLAGS BODY[TEXT])",
            AsksFlags = items.Contains("FLAGS", StringComparison.Ordinal) || items == "FAST",
            EnablesCondStore = items.Contains("MODSEQ", StringComparison.Ordinal),
        };
        var modifiers = "";
        if (!command.Reads && random.Next(4) == 0)
        {
            var since = Since(random, mailbox);
            var vanished = byUid && client.QResync && random.Next(2) == 0;
            modifiers = $" (CHANGEDSINCE {since}{(vanished ? " VANISHED" : "")})";
            command = command with { ChangedSince = since, AsksVanished = vanished, EnablesCondStore = true, OnlyUids = false };
        }
        return command with { Text = $"{Uid(byUid)}FETCH {set} {items}{modifiers}" };
    }

    private static FuzzCommand Store(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var (byUid, set, outOfRange) = Messages(random, client, mailbox);
        var flags = Flags(random);
        var operation = "+-=+-+"[random.Next(6)];
        if (random.Next(3) == 0) (operation, flags) = ('+', ["\\Deleted"]);
        var silent = random.Next(3) == 0;
        ulong? unchangedSince = random.Next(5) == 0 ? Since(random, mailbox) : null;
        var text = $"{Uid(byUid)}STORE {set} {(unchangedSince is { } since ? $"(UNCHANGEDSINCE {since}) " : "")}{(operation == '=' ? "" : operation)}FLAGS{(silent ? ".SILENT" : "")} ({string.Join(' ', flags)})";
        return new FuzzCommand(CommandKind.Store, text)
        {
            ByUid = byUid, Messages = set, IsOutOfRange = outOfRange, Flags = flags, Operation = operation, Silent = silent, UnchangedSince = unchangedSince, EnablesCondStore = unchangedSince is not null,
        };
    }

    private static FuzzCommand Expunge(Random random, ClientMailbox mailbox)
    {
        if (random.Next(2) == 0) return new FuzzCommand(CommandKind.Expunge, "EXPUNGE") { ByUid = true };
        var set = UidSet(random, mailbox);
        return new FuzzCommand(CommandKind.Expunge, $"UID EXPUNGE {set}") { ByUid = true, Messages = set };
    }

    private static FuzzCommand Copy(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var (byUid, set, outOfRange) = Messages(random, client, mailbox);
        var kind = random.Next(2) == 0 ? CommandKind.Copy : CommandKind.Move;
        var destination = Mailboxes[random.Next(Mailboxes.Length)];
        return new FuzzCommand(kind, $"{Uid(byUid)}{(kind == CommandKind.Copy ? "COPY" : "MOVE")} {set} {destination}") { ByUid = byUid, Messages = set, IsOutOfRange = outOfRange, Mailbox = destination };
    }

    private static FuzzCommand Append(Random random)
    {
        var mailbox = Mailboxes[random.Next(Mailboxes.Length)];
        var flags = Flags(random);
        var message = Message(random);
        return new FuzzCommand(CommandKind.Append, $"APPEND {mailbox} ({string.Join(' ', flags)}) {{{message.Length}+}}\r\n{message}") { ByUid = true, Mailbox = mailbox, Flags = flags, Size = message.Length };
    }

    private static FuzzCommand Search(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var byUid = client.UidOnly || random.Next(2) == 0;
        var (key, matches, modSeq) = Key(random, mailbox, depth: 0);
        return new FuzzCommand(CommandKind.Search, $"{Uid(byUid)}SEARCH {(random.Next(4) == 0 ? "RETURN (ALL) " : "")}{key}") { ByUid = byUid, Matches = matches, EnablesCondStore = modSeq };
    }

    private static (string Key, Func<ModelMessage, bool> Matches, bool ModSeq) Key(Random random, ClientMailbox mailbox, int depth)
    {
        var choice = random.Next(depth < 2 ? 10 : 7);
        switch (choice)
        {
            case 0:
                return ("ALL", _ => true, false);
            case 1:
                var flag = AllFlags[random.Next(5)];
                return (flag[1..].ToUpperInvariant(), message => message.Flags.Contains(flag), false);
            case 2:
                var absent = AllFlags[random.Next(5)];
                return ("UN" + absent[1..].ToUpperInvariant(), message => !message.Flags.Contains(absent), false);
            case 3:
                return ("KEYWORD work", message => message.Flags.Contains("work"), false);
            case 4:
                var set = UidSet(random, mailbox);
                var uids = set.Of(mailbox.Uids, byUid: true).ToHashSet();
                return ($"UID {set}", message => uids.Contains(message.Uid), false);
            case 5:
                var modSeq = Since(random, mailbox);
                return ($"MODSEQ {modSeq}", message => message.ModSeq >= modSeq, true);
            case 6:
                var size = random.Next(40, 90);
                return ($"LARGER {size}", message => message.Size > size, false);
            case 7:
                var (inner, innerMatches, innerModSeq) = Key(random, mailbox, depth + 1);
                return ($"NOT {inner}", message => !innerMatches(message), innerModSeq);
            default:
                var (left, leftMatches, leftModSeq) = Key(random, mailbox, depth + 1);
                var (right, rightMatches, rightModSeq) = Key(random, mailbox, depth + 1);
                return choice == 8
                    ? ($"OR {left} {right}", message => leftMatches(message) || rightMatches(message), leftModSeq || rightModSeq)
                    : ($"({left} {right})", message => leftMatches(message) && rightMatches(message), leftModSeq || rightModSeq);
        }
    }

    private static FuzzCommand Status(Random random)
    {
        var mailbox = Mailboxes[random.Next(Mailboxes.Length)];
        return new FuzzCommand(CommandKind.Status, $"STATUS {mailbox} (MESSAGES UIDNEXT UNSEEN DELETED SIZE{(random.Next(3) == 0 ? " HIGHESTMODSEQ" : "")})") { ByUid = true, Mailbox = mailbox } is var command
            && command.Text.Contains("MODSEQ", StringComparison.Ordinal) ? command with { EnablesCondStore = true } : command;
    }

    private static FuzzCommand Select(Random random, FuzzClient client)
    {
        var mailbox = Mailboxes[random.Next(5) == 0 ? 1 : 0];
        var readOnly = random.Next(6) == 0;
        var verb = readOnly ? "EXAMINE" : "SELECT";
        var plain = new FuzzCommand(CommandKind.Select, $"{verb} {mailbox}") { Mailbox = mailbox, ReadOnly = readOnly };
        if (client.QResync && client.Remembered.TryGetValue(mailbox, out var known) && known.HighestModSeq > 0 && known.Validity > 0 && random.Next(4) > 0)
            return plain with { Text = $"{plain.Text} (QRESYNC ({known.Validity} {known.HighestModSeq}{Known(random, known)}))", AsksVanished = true };
        return random.Next(3) == 0 ? plain with { Text = $"{plain.Text} (CONDSTORE)", EnablesCondStore = true } : plain;
    }

    /// <summary>The optional part of QRESYNC: the UIDs the client has, and a few of its numbers with their UIDs.</summary>
    private static string Known(Random random, ClientMailbox known)
    {
        var uids = known.Cached.Count == 0 || random.Next(2) == 0 ? "" : " " + string.Join(',', known.Cached.Order());
        var numbers = Enumerable.Range(1, known.Uids.Count).Where(number => known.Uids[number - 1] > 0 && random.Next(2) == 0).ToList();
        // Who has a hole in what it caches has not seen all that is below a match.
        if (numbers.Count == 0 || random.Next(2) == 0 || !known.Uids.TrueForAll(known.Cached.Contains)) return uids;
        return $"{uids} ({string.Join(',', numbers)} {string.Join(',', numbers.Select(number => known.Uids[number - 1]))})";
    }

    private static FuzzCommand Close(Random random) => random.Next(2) == 0 ? new FuzzCommand(CommandKind.Close, "CLOSE") : new FuzzCommand(CommandKind.Close, "UNSELECT") { Silent = true };

    private static FuzzCommand Enable(Random random)
        => new(CommandKind.Enable, "ENABLE " + random.Next(8) switch { < 2 => "CONDSTORE", < 5 => "QRESYNC", 5 => "UIDONLY", 6 => "IMAP4rev2 UTF8=ACCEPT", _ => "QRESYNC X-NOTHING" }) { ByUid = true };

    private static FuzzCommand Broken(Random random) => new(CommandKind.Broken, Nonsense[random.Next(Nonsense.Length)]);

    private static ulong Since(Random random, ClientMailbox mailbox) => random.Next(4) switch { 0 => 1, 1 => mailbox.HighestModSeq + 1000, 2 => Math.Max(1, mailbox.HighestModSeq), _ => Math.Max(3, mailbox.HighestModSeq) - (ulong)random.Next(3) };

    private static (bool ByUid, MessageSet Set, bool OutOfRange) Messages(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        if (client.UidOnly || random.Next(2) == 0) return (true, UidSet(random, mailbox), false);
        var count = (uint)mailbox.Uids.Count;
        if (random.Next(30) == 0) return (false, new MessageSet([(count + 1, count + 1)]), true);
        if (count == 0) return (false, new MessageSet([(1, 0)]), false);
        return (false, Set(random, () => (uint)random.Next(1, (int)count + 1)), false);
    }

    private static MessageSet UidSet(Random random, ClientMailbox mailbox)
    {
        var highest = (int)mailbox.Uids.LastOrDefault();
        return Set(random, () => (uint)random.Next(Math.Max(1, highest - 20), highest + 4));
    }

    private static MessageSet Set(Random random, Func<uint> one) => random.Next(8) switch
    {
        0 => new MessageSet([(1, 0)]),
        1 => new MessageSet([(0, 0)]),
        2 => new MessageSet([(one(), 0)]),
        3 => new MessageSet([(one(), one())]),
        4 => new MessageSet([Single(one()), (one(), one())]),
        _ => new MessageSet([Single(one())]),
    };

    private static (uint First, uint Last) Single(uint value) => (value, value);

    private static string Uid(bool byUid) => byUid ? "UID " : "";
}
