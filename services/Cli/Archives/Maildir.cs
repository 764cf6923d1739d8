using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Merpati.Archives;
using Merpati.Mailboxes;

namespace Merpati.Cli.Archives;

/// <summary>
/// Maildir as Dovecot keeps it: INBOX in the folder itself, the others beside as <c>.Level.Level</c> (Maildir++) in modified UTF-7, flags after <c>:2,</c> in the names of the files, keywords as the letters a to z
/// that <c>dovecot-keywords</c> explains, UIDs and UIDVALIDITY in <c>dovecot-uidlist</c>, the arrival as the time of the file, subscriptions in <c>subscriptions</c>. Read are also folders within folders, and
/// the UIDs that mbsync puts into the names (<c>,U=12</c>).
/// </summary>
internal static class Maildir
{
    internal const string UidList = "dovecot-uidlist";
    internal const string KeywordList = "dovecot-keywords";
    internal const string Subscriptions = "subscriptions";
    internal const string Forwarded = "$Forwarded";
    internal const int MaxKeywords = 26;

    private static readonly (char Letter, SystemFlags Flag)[] Letters = [('D', SystemFlags.Draft), ('F', SystemFlags.Flagged), ('R', SystemFlags.Answered), ('S', SystemFlags.Seen), ('T', SystemFlags.Deleted)];

    public static bool Is(string folder) => Directory.Exists(Path.Combine(folder, "cur"));

    /// <summary>The letters in the order of ASCII, as the format asks for.</summary>
    public static string Info(MessageFlags flags, IReadOnlyList<string> keywords)
    {
        var letters = Letters.Where(letter => flags.Has(letter.Flag)).Select(letter => letter.Letter).ToList();
        if (flags.Keywords.Contains(Forwarded, StringComparer.OrdinalIgnoreCase)) letters.Add('P');
        letters.Sort();
        foreach (var keyword in flags.Keywords)
        {
            var index = keywords.ToList().FindIndex(known => known.Equals(keyword, StringComparison.OrdinalIgnoreCase));
            if (index is >= 0 and < MaxKeywords) letters.Add((char)('a' + index));
        }
        return string.Concat(letters);
    }

    public static MessageFlags Flags(string file, IReadOnlyDictionary<int, string> keywords)
    {
        var info = file.LastIndexOf(":2,", StringComparison.Ordinal) is var at and >= 0 ? file[(at + 3)..] : "";
        var system = Letters.Where(letter => info.Contains(letter.Letter, StringComparison.Ordinal)).Aggregate(SystemFlags.None, (all, letter) => all | letter.Flag);
        var words = info.Where(char.IsAsciiLetterLower).Select(letter => keywords.GetValueOrDefault(letter - 'a')).OfType<string>();
        return new MessageFlags(system, info.Contains('P', StringComparison.Ordinal) ? words.Append(Forwarded) : words);
    }

    /// <summary>All mailboxes below a folder, INBOX first.</summary>
    public static async IAsyncEnumerable<LocalMailbox> ReadAsync(string root, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (name, folder) in Folders(root))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var uids = await UidsAsync(folder, cancellationToken);
            var keywords = await KeywordsAsync(folder, cancellationToken);
            // In the order of UIDs, those without one behind in the order of their arrival: names begin with the time.
            var files = new[] { "cur", "new" }.SelectMany(sub => Files(Path.Combine(folder, sub)))
                .Select(path => (Path: path, Uid: uids.Of(Path.GetFileName(path))))
                .OrderBy(file => file.Uid ?? uint.MaxValue).ThenBy(file => Path.GetFileName(file.Path), StringComparer.Ordinal)
                .ToList();
            var next = uids.Next ?? (files.Max(file => file.Uid) is { } last ? last + 1 : null);
            yield return new LocalMailbox(new ArchivedMailbox(name.Value, null, uids.Validity, uids.Validity is null ? null : next, null, files.Count), MessagesAsync(files, keywords, cancellationToken));
        }
    }

    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Where(path => !Path.GetFileName(path).StartsWith('.')) : [];

    private static async IAsyncEnumerable<LocalMessage> MessagesAsync(List<(string Path, uint? Uid)> files, Dictionary<int, string> keywords, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        uint last = 0;
        foreach (var (path, uid) in files)
        {
            byte[] octets;
            try { octets = await File.ReadAllBytesAsync(path, cancellationToken); }
            catch (FileNotFoundException) { continue; } // moved or deleted while we read: it is a mailbox in use
            // A UID that was given twice is a damage of the list: the second file gets a new one.
            var own = uid > last ? uid : null;
            last = own ?? last;
            yield return new LocalMessage(own, Flags(Path.GetFileName(path), keywords), new DateTimeOffset(File.GetLastWriteTimeUtc(path), TimeSpan.Zero), LineEnds.ToCrLf(octets));
        }
    }

    private static IEnumerable<(MailboxName Name, string Folder)> Folders(string root)
    {
        if (Is(root)) yield return (MailboxName.Inbox, root);
        foreach (var found in Below(root, "")) yield return found;
    }

    private static IEnumerable<(MailboxName Name, string Folder)> Below(string folder, string prefix)
    {
        foreach (var path in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var own = Path.GetFileName(path);
            if (own is "cur" or "new" or "tmp" || new DirectoryInfo(path).LinkTarget is not null) continue;
            // Maildir++ stands the whole way in one name; else a folder is a level.
            var text = own.StartsWith('.') ? string.Join(MailboxName.Delimiter, own[1..].Split('.').Select(Decode)) : prefix + Decode(own);
            if (Is(path) && MailboxName.TryParse(text, out var name)) yield return (name, path);
            foreach (var deeper in Below(path, text + MailboxName.Delimiter)) yield return deeper;
        }
    }

    /// <summary>A level as it is written: modified UTF-7 in which a dot may be encoded too, or whatever else it is.</summary>
    internal static string Decode(string level) => string.Join('.', level.Split("&AC4-").Select(part => (Ascii.IsValid(part) ? ModifiedUtf7.TryDecode(Encoding.ASCII.GetBytes(part)) : null) ?? part));

    private sealed record Known(uint? Validity, uint? Next, Dictionary<string, uint> ByName)
    {
        /// <summary>Without the flags, which change, while the list keeps the name of the first time.</summary>
        public uint? Of(string file)
        {
            if (ByName.TryGetValue(file.Split(':')[0], out var uid)) return uid;
            var at = file.IndexOf(",U=", StringComparison.Ordinal);
            return at >= 0 && uint.TryParse(file.AsSpan(at + 3, file.AsSpan(at + 3).IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : file.Length - at - 3), NumberStyles.None, CultureInfo.InvariantCulture, out uid) ? uid : null;
        }
    }

    /// <summary>Version 3: <c>3 V1275660208 N25022 G…</c>, then <c>25006 W2481 :name</c>; version 1: <c>1 validity next</c>, then <c>uid name</c>. mbsync: <c>.uidvalidity</c>, validity and last UID a line each.</summary>
    private static async ValueTask<Known> UidsAsync(string folder, CancellationToken cancellationToken)
    {
        var byName = new Dictionary<string, uint>(StringComparer.Ordinal);
        uint? validity = null, next = null;
        if (File.Exists(Path.Combine(folder, UidList)))
        {
            var first = true;
            await foreach (var line in File.ReadLinesAsync(Path.Combine(folder, UidList), cancellationToken))
            {
                var words = line.Split(' ');
                if (first)
                {
                    var modern = words[0] == "3";
                    validity = Number(modern ? Array.Find(words, word => word.StartsWith('V'))?[1..] : words.ElementAtOrDefault(1));
                    next = Number(modern ? Array.Find(words, word => word.StartsWith('N'))?[1..] : words.ElementAtOrDefault(2));
                    first = false;
                    continue;
                }
                var name = line.IndexOf(" :", StringComparison.Ordinal) is var colon and >= 0 ? line[(colon + 2)..] : words[^1];
                if (Number(words[0]) is { } uid) byName[name.Split(':')[0]] = uid;
            }
            // New mail is added to the list, and its first line stays as it is until the list is written anew: the UID of a file that is gone since must not be given again.
            if (next is { } said && byName.Count > 0) next = Math.Max(said, byName.Values.Max() + 1);
        }
        else if (File.Exists(Path.Combine(folder, ".uidvalidity")) && await File.ReadAllLinesAsync(Path.Combine(folder, ".uidvalidity"), cancellationToken) is [var own, var last, ..])
        {
            validity = Number(own);
            next = Number(last) + 1;
        }
        return new Known(validity, next, byName);
    }

    private static async ValueTask<Dictionary<int, string>> KeywordsAsync(string folder, CancellationToken cancellationToken)
    {
        var keywords = new Dictionary<int, string>();
        var path = Path.Combine(folder, KeywordList);
        if (!File.Exists(path)) return keywords;
        await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
        {
            if (line.Split(' ', 2) is [var index, { Length: > 0 } keyword] && Number(index) is { } known and < MaxKeywords) keywords[(int)known] = keyword;
        }
        return keywords;
    }

    private static uint? Number(string? text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
