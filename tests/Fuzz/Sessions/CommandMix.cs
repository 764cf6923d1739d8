using System.Globalization;

namespace Merpati.Fuzz.Sessions;

/// <summary>Which command comes next: anything that makes sense to a client in its state, and now and then something that does not.</summary>
internal static class CommandMix
{
    /// <summary>Those that are there from the start.</summary>
    public static readonly string[] Mailboxes = ["INBOX", "Archive"];

    /// <summary>Those that come and go.</summary>
    private static readonly string[] Passing = ["Box", "Crate", "Box/Inner"];

    private static readonly string[] AllFlags = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Junk", "work"];

    /// <summary>Each is a syntax error.</summary>
    private static readonly string[] Nonsense =
    [
        "FETCH", "FETCH 1", "FETCH 0 FLAGS", "FETCH 1: FLAGS", "FETCH 1:*", "FETCH 1,,2 FLAGS", "FETCH 1 (FLAGS", "FETCH 1 NOTHING", "FETCH 1 BODY[", "FETCH 1 BODY[]<0>", "UID FETCH 1:* (FLAGS) (CHANGEDSINCE)",
        "UID FETCH * (FLAGS) (CHANGEDSINCE 99999999999999999999)", "STORE 1 FLAGS", "STORE 1 FLAGS (\\Seen", "STORE 1 +FLAGZ (\\Seen)", "STORE 1 (UNCHANGEDSINCE -1) FLAGS (a)", "STORE -1 FLAGS (a)",
        "UID STORE a FLAGS (b)", "UID", "UID NOOP", "UID EXPUNGE", "EXPUNGE 1", "COPY 1", "COPY 1:2 \"Arch", "MOVE * ", "SEARCH", "SEARCH NO", "SEARCH OR SEEN", "SEARCH (SEEN", "SEARCH UID", "SEARCH BEFORE yesterday", "SEARCH CHARSET",
        "SELECT", "SELECT \"", "SELECT INBOX (QRESYNC)", "SELECT INBOX (CONDSTORE", "SELECT INBOX (QRESYNC (1 0))", "STATUS INBOX", "STATUS INBOX ()", "STATUS INBOX (NOTHING)", "APPEND", "APPEND INBOX", "APPEND INBOX (\\Seen",
        "NOOP 1", "XYZZY", "FETCHX 1 FLAGS", "ENABLE", "LIST", "LIST \"\"", "CREATE", "DELETE", "RENAME a", "CLOSE x", "IDLE now", "LOGIN a b", "STARTTLS", "(", "\"", "FETCH 4294967296 FLAGS", "UID FETCH 1:4294967296 FLAGS",
        "SORT", "SORT ()", "SORT (SIZE) UTF-8", "SORT (WEIGHT) UTF-8 ALL", "SORT (REVERSE) UTF-8 ALL", "THREAD", "THREAD REFERENCES", "THREAD ALPHABETICAL UTF-8 ALL", "UID THREAD REFERENCES UTF-8",
        "SEARCH RETURN", "SEARCH RETURN (ALL", "SEARCH RETURN (NONE) ALL", "SEARCH RETURN (PARTIAL) ALL", "SEARCH RETURN (PARTIAL 1:-1) ALL", "SEARCH RETURN (PARTIAL 0:1) ALL", "SEARCH RETURN (ALL PARTIAL 1:2) ALL",
        "UID FETCH 1:* (FLAGS) (PARTIAL)", "UID FETCH 1:* (FLAGS) (PARTIAL 1)", "UID FETCH 1:* (FLAGS) (PARTIAL 0:5)", "FETCH 1:* (FLAGS) (PARTIAL 1:5)", "FETCH 1 BINARY", "FETCH 1 BINARY[", "FETCH 1 BINARY[0]", "FETCH 1 BINARY.SIZE[1]<0.1>",
        "REPLACE", "REPLACE 1", "REPLACE 1:2 INBOX", "REPLACE 1 INBOX", "APPEND INBOX CATENATE", "APPEND INBOX CATENATE ()", "APPEND INBOX CATENATE (URL)", "APPEND INBOX CATENATE (FILE \"x\")",
        "SETMETADATA", "SETMETADATA INBOX", "SETMETADATA INBOX ()", "SETMETADATA INBOX (/private/comment)", "GETMETADATA", "GETMETADATA INBOX", "GETMETADATA (DEPTH 2) INBOX /private/comment",
        "NOTIFY", "NOTIFY SET", "NOTIFY SET ()", "NOTIFY SET (selected)", "NOTIFY SET (selected (MessageNew))", "NOTIFY SET (nobody (MessageNew MessageExpunge))", "NOTIFY NONE NONE", "CANCELUPDATE", "CANCELUPDATE x", "RENAME INBOX", "UIDBATCHES",
        "ESEARCH", "ESEARCH IN", "ESEARCH IN (selected)", "ESEARCH IN (mailboxes) ALL", "LIST (", "LIST () \"\" (", "LIST \"\" * RETURN", "LIST \"\" * RETURN (STATUS)", "LIST (REMOTE RECURSIVEMATCH) \"\"", "COMPRESS", "COMPRESS DEFLATE now",
    ];

    public static FuzzCommand Next(Random random, FuzzClient client)
    {
        if (random.Next(14) == 0) return OfTheAccount(random, client);
        if (client.Selected is not { } mailbox) return random.Next(12) switch { < 8 => Select(random, client), 8 => Status(random), 9 => Append(random, client), 10 => Enable(random), _ => Broken(random) };
        return random.Next(4) > 0 ? OfTheMailbox(random, client, mailbox) : random.Next(20) switch
        {
            < 6 => Append(random, client),
            < 8 => Status(random),
            < 13 => Select(random, client),
            < 14 => Close(random),
            < 16 => Enable(random),
            < 18 => Broken(random),
            _ => new FuzzCommand(CommandKind.Look, "CHECK") { ByUid = true },
        };
    }

    /// <summary>What several sessions can do to one mailbox at a time, and each still knows what its own commands do.</summary>
    public static FuzzCommand OfTheMailbox(Random random, FuzzClient client, ClientMailbox mailbox) => random.Next(100) switch
    {
        < 26 => Fetch(random, client, mailbox),
        < 52 => Store(random, client, mailbox),
        < 60 => Expunge(random, mailbox),
        < 67 => Copy(random, client, mailbox),
        < 72 => Replace(random, client, mailbox),
        < 84 => Search(random, client, mailbox),
        < 88 => Sort(random, client, mailbox),
        < 91 => Thread(random, client, mailbox),
        < 93 when client.Contexts.Count > 0 => CancelUpdate(client),
        _ => new FuzzCommand(CommandKind.Look, "NOOP") { ByUid = true },
    };

    public static List<string> Flags(Random random, int most = 3) => [.. AllFlags.OrderBy(_ => random.Next()).Take(random.Next(most + 1))];

    public static string Message(Random random) => $"From: bob@example.test\r\nSubject: {random.Next(100)}\r\n\r\n{new string('x', random.Next(40))}\r\n";

    public static FuzzCommand Append(Random random, FuzzClient client)
    {
        var mailbox = AnyMailbox(random);
        var messages = Enumerable.Range(0, random.Next(6) == 0 ? random.Next(2, 4) : 1).Select(_ => Message(random, client)).ToList();
        return new FuzzCommand(CommandKind.Append, $"APPEND {mailbox}{string.Concat(messages.Select(message => " " + Text(random, message)))}") { ByUid = true, Mailbox = mailbox, Appended = messages };
    }

    public static FuzzCommand Select(Random random, FuzzClient client, string? name = null)
    {
        var mailbox = name ?? random.Next(10) switch { < 7 => "INBOX", 7 => "Archive", _ => Passing[random.Next(Passing.Length)] };
        var readOnly = random.Next(6) == 0;
        var verb = readOnly ? "EXAMINE" : "SELECT";
        var plain = new FuzzCommand(CommandKind.Select, $"{verb} {mailbox}") { Mailbox = mailbox, ReadOnly = readOnly };
        if (client.QResync && client.Remembered.TryGetValue(mailbox, out var known) && known.HighestModSeq > 0 && known.Validity > 0 && random.Next(4) > 0)
            return plain with { Text = $"{plain.Text} (QRESYNC ({known.Validity} {known.HighestModSeq}{Known(random, known)}))", AsksVanished = true };
        return random.Next(3) == 0 ? plain with { Text = $"{plain.Text} (CONDSTORE)", EnablesCondStore = true } : plain;
    }

    /// <summary>Mailboxes that come, go and change their names; what is known of them; and NOTIFY.</summary>
    private static FuzzCommand OfTheAccount(Random random, FuzzClient client)
    {
        var name = random.Next(8) == 0 ? "INBOX" : Passing[random.Next(Passing.Length)];
        switch (random.Next(14))
        {
            case > 11:
                return SearchMailboxes(random);
            case < 3:
                return new FuzzCommand(CommandKind.Create, $"CREATE {name}") { ByUid = true, Mailbox = name };
            case 3:
                return new FuzzCommand(CommandKind.Delete, $"DELETE {name}") { ByUid = true, Mailbox = name };
            case 4:
                var to = Passing[random.Next(Passing.Length)];
                return new FuzzCommand(CommandKind.Rename, $"RENAME {name} {to}") { ByUid = true, Mailbox = name, NewName = to };
            case 5:
                return new FuzzCommand(CommandKind.List, "LIST \"\" *") { ByUid = true };
            case < 8:
                var value = random.Next(3) == 0 ? null : $"v{random.Next(100)}";
                return new FuzzCommand(CommandKind.Annotate, $"SETMETADATA {name} (/private/comment {(value is null ? "NIL" : $"\"{value}\"")})") { ByUid = true, Mailbox = name, Value = value };
            case 8:
                return new FuzzCommand(CommandKind.Annotation, $"GETMETADATA {name} /private/comment") { ByUid = true, Mailbox = name };
            default:
                return Notify(random, client);
        }
    }

    /// <summary>RFC 7377. What is of one mailbox alone, its UIDs and what was found in it, is not asked for.</summary>
    private static FuzzCommand SearchMailboxes(Random random)
    {
        var (key, matches, modSeq) = OfAnyMailbox(random);
        string[] all = [.. Mailboxes, .. Passing];
        var (source, names) = random.Next(5) switch
        {
            0 => ("personal", all),
            1 => ("inboxes", ["INBOX"]),
            2 => ("subtree Box", ["Box", "Box/Inner"]),
            3 => ("subtree-one (Box Archive)", ["Box", "Box/Inner", "Archive"]),
            _ => ("mailboxes (INBOX Crate)", new[] { "INBOX", "Crate" }),
        };
        return new FuzzCommand(CommandKind.SearchMailboxes, $"ESEARCH IN ({source}) {key}") { ByUid = true, Mailboxes = names, Matches = matches, EnablesCondStore = modSeq };
    }

    private static (string Key, Func<ModelMessage, bool> Matches, bool ModSeq) OfAnyMailbox(Random random)
    {
        var number = random.Next(1, 30);
        var flag = AllFlags[random.Next(5)];
        return random.Next(5) switch
        {
            0 => ("ALL", static _ => true, false),
            1 => (flag[1..].ToUpperInvariant(), message => message.Flags.Contains(flag), false),
            2 => ($"LARGER {40 + number}", message => message.Size > 40 + number, false),
            3 => ($"OR SUBJECT {number} BODY {new string('x', number)}", message => message.Subject.Contains($"{number}", StringComparison.Ordinal) || message.Body.Contains(new string('x', number), StringComparison.Ordinal), false),
            _ => ($"MODSEQ {number}", message => message.ModSeq >= (ulong)number, true),
        };
    }

    private static FuzzCommand Notify(Random random, FuzzClient client)
    {
        const string Others = "(personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))";
        if (client.Notified != Notified.No && random.Next(2) == 0) return new FuzzCommand(CommandKind.Notify, "NOTIFY NONE") { ByUid = true };
        var atOnce = random.Next(3) == 0;
        var items = random.Next(2) == 0 ? " (UID FLAGS)" : "";
        return new FuzzCommand(CommandKind.Notify, $"NOTIFY SET STATUS ({(atOnce ? "selected" : "selected-delayed")} (MessageNew{items} MessageExpunge FlagChange)) {Others}") { ByUid = true, Notified = atOnce ? Notified.AtOnce : Notified.Delayed };
    }

    private static FuzzCommand Fetch(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var (byUid, set, outOfRange) = Messages(random, client, mailbox);
        var items = random.Next(15) switch
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
            12 => "(BINARY.PEEK[1] UID)",
            13 => "(BINARY.SIZE[1])",
            14 => "BINARY[1]",
            _ => "(FLAGS)",
        };
        var command = new FuzzCommand(CommandKind.Fetch, "")
        {
            ByUid = byUid, Messages = set, IsOutOfRange = outOfRange,
            OnlyUids = items is "UID" or "(UID)" && !client.CondStore,
            Reads = items is "BODY[]" or "(FLAGS BODY[TEXT])" or "BINARY[1]",
            AsksFlags = items.Contains("FLAGS", StringComparison.Ordinal) || items == "FAST",
            EnablesCondStore = items.Contains("MODSEQ", StringComparison.Ordinal),
        };
        var modifiers = "";
        if (byUid && random.Next(8) == 0)
        {
            var partial = Partial(random);
            modifiers = $" (PARTIAL {partial.First}:{partial.Last})";
            command = command with { Partial = partial };
        }
        else if (!command.Reads && random.Next(4) == 0)
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
        var destination = AnyMailbox(random);
        return new FuzzCommand(kind, $"{Uid(byUid)}{(kind == CommandKind.Copy ? "COPY" : "MOVE")} {set} {destination}") { ByUid = byUid, Messages = set, IsOutOfRange = outOfRange, Mailbox = destination };
    }

    private static FuzzCommand Replace(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var byUid = client.KnowsNoNumbers || random.Next(2) == 0;
        var count = (uint)mailbox.Uids.Count;
        var number = byUid ? (uint)random.Next(Math.Max(1, (int)mailbox.Uids.LastOrDefault() - 8), (int)mailbox.Uids.LastOrDefault() + 2) : (uint)random.Next(1, (int)count + 1 + (random.Next(20) == 0 ? 1 : 0));
        var destination = random.Next(3) == 0 ? AnyMailbox(random) : "INBOX";
        var message = Message(random, client);
        return new FuzzCommand(CommandKind.Replace, $"{Uid(byUid)}REPLACE {number} {destination} {Text(random, message)}")
        {
            ByUid = byUid, Messages = new MessageSet([(number, number)]), IsOutOfRange = !byUid && number > count, Mailbox = destination, Appended = [message],
        };
    }

    private static NewMessage Message(Random random, FuzzClient client)
    {
        var flags = Flags(random);
        if (random.Next(4) > 0 || client.Selected is not { Uids.Count: > 0 } mailbox) return new NewMessage(flags, [new Piece(Message(random))]);
        var pieces = new List<Piece> { new($"Subject: {random.Next(100)}\r\n\r\n") };
        for (var more = random.Next(3); more >= 0; more--)
        {
            var uid = mailbox.Uids[random.Next(mailbox.Uids.Count)];
            if (uid == 0 || random.Next(3) == 0) pieces.Add(new Piece(new string('x', random.Next(30)) + "\r\n"));
            else pieces.Add(new Piece(null, client.SelectedName, random.Next(2) == 0 ? mailbox.Validity : 0, uid + (random.Next(20) == 0 ? 1u : 0), random.Next(2) == 0));
        }
        return new NewMessage(flags, pieces);
    }

    /// <summary>Flags and message as APPEND has them.</summary>
    private static string Text(Random random, NewMessage message)
    {
        var flags = $"({string.Join(' ', message.Flags)}) ";
        if (message.Pieces is [{ Text: { } text }]) return $"{flags}{(random.Next(4) == 0 ? "~" : "")}{{{text.Length}+}}\r\n{text}";
        return $"{flags}CATENATE ({string.Join(' ', message.Pieces.Select(piece => piece.Text is { } part ? $"TEXT {{{part.Length}+}}\r\n{part}" : $"URL \"{Url(piece)}\""))})";
    }

    private static string Url(Piece piece) => $"/{piece.Mailbox}{(piece.Validity > 0 ? $";UIDVALIDITY={piece.Validity}" : "")}/;UID={piece.Uid}{(piece.OnlyBody ? "/;SECTION=TEXT" : "")}";

    private static FuzzCommand Search(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var returns = random.Next(2) == 0 ? null : Return(random);
        // The numbers of messages that are told of later are not known here when ADDTO names them.
        var byUid = client.KnowsNoNumbers || returns is { Update: true } || random.Next(2) == 0;
        var (key, matches, modSeq) = Key(random, client, mailbox, depth: 0);
        return new FuzzCommand(CommandKind.Search, $"{Uid(byUid)}SEARCH {returns}{key}") { ByUid = byUid, Matches = matches, EnablesCondStore = modSeq, Return = returns };
    }

    private static FuzzCommand Sort(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var byUid = client.KnowsNoNumbers || random.Next(2) == 0;
        var returns = random.Next(3) == 0 ? Return(random) with { Update = false } : null;
        var (key, matches, modSeq) = Key(random, client, mailbox, depth: 0);
        (string Keys, Func<IEnumerable<ModelMessage>, IEnumerable<ModelMessage>> Order) sort = random.Next(5) switch
        {
            0 => ("SIZE", static all => all.OrderBy(message => message.Size)),
            1 => ("REVERSE SIZE SUBJECT", static all => all.OrderByDescending(message => message.Size).ThenBy(message => message.Subject, StringComparer.Ordinal)),
            2 => ("SUBJECT", static all => all.OrderBy(message => message.Subject, StringComparer.Ordinal)),
            3 => ("REVERSE SUBJECT REVERSE SIZE", static all => all.OrderByDescending(message => message.Subject, StringComparer.Ordinal).ThenByDescending(message => message.Size)),
            _ => ("FROM CC REVERSE SIZE", static all => all.OrderBy(message => message.Content.StartsWith("From: bob", StringComparison.Ordinal)).ThenByDescending(message => message.Size)),
        };
        return new FuzzCommand(CommandKind.Sort, $"{Uid(byUid)}SORT {returns}({sort.Keys}) UTF-8 {key}") { ByUid = byUid, Matches = matches, Order = sort.Order, EnablesCondStore = modSeq, Return = returns };
    }

    private static FuzzCommand Thread(Random random, FuzzClient client, ClientMailbox mailbox)
    {
        var byUid = client.KnowsNoNumbers || random.Next(2) == 0;
        var (key, matches, modSeq) = Key(random, client, mailbox, depth: 0);
        var bySubject = random.Next(2) == 0;
        return new FuzzCommand(CommandKind.Thread, $"{Uid(byUid)}THREAD {(bySubject ? "ORDEREDSUBJECT" : "REFERENCES")} UTF-8 {key}") { ByUid = byUid, Matches = matches, EnablesCondStore = modSeq, Silent = bySubject };
    }

    private static FuzzCommand CancelUpdate(FuzzClient client)
    {
        var tag = client.Contexts.Keys.First();
        return new FuzzCommand(CommandKind.CancelUpdate, $"CANCELUPDATE \"{tag}\"") { ByUid = true, Tag = tag };
    }

    private static SearchReturn Return(Random random)
    {
        var some = random.Next(8);
        (int, int)? partial = random.Next(4) == 0 ? Partial(random) : null;
        // Whoever wants to be kept told of a result has to know it.
        var all = partial is null && random.Next(2) == 0;
        return new SearchReturn(Min: (some & 1) != 0, Max: (some & 2) != 0, all, Count: (some & 4) != 0, Save: random.Next(3) == 0, Update: all && random.Next(3) == 0, partial);
    }

    private static (int First, int Last) Partial(Random random)
    {
        var (first, last) = (random.Next(1, 6), random.Next(1, 9));
        return random.Next(2) == 0 ? (first, last) : (-first, -last);
    }

    private static (string Key, Func<ModelMessage, bool> Matches, bool ModSeq) Key(Random random, FuzzClient client, ClientMailbox mailbox, int depth)
    {
        var choice = random.Next(depth < 2 ? 13 : 10);
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
                return ($"UID {set}", set.Matching(mailbox.Uids), false);
            case 5:
                var modSeq = Since(random, mailbox);
                return ($"MODSEQ {modSeq}", message => message.ModSeq >= modSeq, true);
            case 6:
                var size = random.Next(40, 90);
                return ($"LARGER {size}", message => message.Size > size, false);
            case 7:
                var subject = $"{random.Next(10)}";
                return ($"SUBJECT {subject}", message => message.Subject.Contains(subject, StringComparison.Ordinal), false);
            case 8:
                var body = new string('x', random.Next(1, 30));
                return ($"BODY {body}", message => message.Body.Contains(body, StringComparison.Ordinal), false);
            case 9:
                var saved = client.Saved.ToHashSet();
                return ("$", message => saved.Contains(message.Uid), false);
            case 10:
                var (inner, innerMatches, innerModSeq) = Key(random, client, mailbox, depth + 1);
                return ($"NOT {inner}", message => !innerMatches(message), innerModSeq);
            default:
                var (left, leftMatches, leftModSeq) = Key(random, client, mailbox, depth + 1);
                var (right, rightMatches, rightModSeq) = Key(random, client, mailbox, depth + 1);
                return choice == 11
                    ? ($"OR {left} {right}", message => leftMatches(message) || rightMatches(message), leftModSeq || rightModSeq)
                    : ($"({left} {right})", message => leftMatches(message) && rightMatches(message), leftModSeq || rightModSeq);
        }
    }

    private static FuzzCommand Status(Random random)
    {
        var mailbox = AnyMailbox(random);
        return new FuzzCommand(CommandKind.Status, $"STATUS {mailbox} (MESSAGES UIDNEXT UNSEEN DELETED SIZE{(random.Next(3) == 0 ? " HIGHESTMODSEQ" : "")})") { ByUid = true, Mailbox = mailbox } is var command
            && command.Text.Contains("MODSEQ", StringComparison.Ordinal) ? command with { EnablesCondStore = true } : command;
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
        if (random.Next(12) == 0) return (client.KnowsNoNumbers || random.Next(2) == 0, new MessageSet([], client.Saved), false);
        if (client.KnowsNoNumbers || random.Next(2) == 0) return (true, UidSet(random, mailbox), false);
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

    private static string AnyMailbox(Random random) => random.Next(10) switch { < 5 => "INBOX", < 8 => "Archive", _ => Passing[random.Next(Passing.Length)] };

    private static string Uid(bool byUid) => byUid ? "UID " : "";
}
