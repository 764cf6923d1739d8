using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using Merpati.Archives;
using Merpati.Mailboxes;

namespace Merpati.Cli.Archives;

/// <summary>
/// mbox as mboxrd has it: a message begins with a line <c>From </c>, and in messages such a line, quoted or not, gets one more <c>&gt;</c>. Flags are the letters of <c>Status</c>, <c>X-Status</c> and <c>X-Keywords</c>.
/// What mbox cannot say stands in a field of our own before these, so that a message comes back octet for octet, under its UID; of the fields of others only what they mean is kept.
/// </summary>
internal static class Mbox
{
    internal const string Extension = ".mbox";
    private const string Own = "X-Merpati: ";

    private static readonly (char Letter, SystemFlags Flag)[] Letters = [('A', SystemFlags.Answered), ('F', SystemFlags.Flagged), ('D', SystemFlags.Deleted), ('T', SystemFlags.Draft)];

    private static readonly string[] Foreign = ["Status:", "X-Status:", "X-Keywords:", "X-UID:", "X-IMAP:", "X-IMAPbase:", "Content-Length:"];

    public static async ValueTask WriteAsync(Stream file, ArchivedMailbox mailbox, ArchivedMessage message, ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        var flags = ArchivedFlags.Read(message);
        var plain = LineEnds.AreAllCrLf(octets.Span);
        var date = message.InternalDate ?? DateTimeOffset.UnixEpoch;
        var header = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"From merpati@localhost {date.UtcDateTime:ddd MMM d HH:mm:ss yyyy}\n{Own}uid={message.Uid}; validity={mailbox.UidValidity}; next={mailbox.UidNext}; date={date:O}; octets={message.Size}; lines={(plain ? "lf" : "raw")}\n")
            .Append(CultureInfo.InvariantCulture, $"Status: {(flags.Has(SystemFlags.Seen) ? "RO" : "O")}\nX-Status: {string.Concat(Letters.Where(letter => flags.Has(letter.Flag)).Select(letter => letter.Letter))}\nX-Keywords: {string.Join(' ', flags.Keywords)}\n");
        await file.WriteAsync(Encoding.UTF8.GetBytes(header.ToString()), cancellationToken);
        ReadOnlyMemory<byte> rest = plain ? LineEnds.ToLf(octets.Span) : octets;
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..(end + 1)];
            if (IsFrom(line.Span.TrimStart((byte)'>'))) await file.WriteAsync(">"u8.ToArray(), cancellationToken);
            await file.WriteAsync(line, cancellationToken);
            rest = rest[line.Length..];
            if (end < 0) await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }
        await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    /// <summary>A file, or all in a folder whose names end in <see cref="Extension"/>, as mailboxes of their names.</summary>
    public static async IAsyncEnumerable<LocalMailbox> ReadAsync(string path, MailboxName? into, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (file, name) in Files(path, into))
        {
            Message? first = null;
            await foreach (var message in MessagesAsync(file, cancellationToken))
            {
                first = message;
                break;
            }
            yield return new LocalMailbox(new ArchivedMailbox(name.Value, null, first?.Validity, first?.Validity is null ? null : first.Next, null, 0), InOrderAsync(file, cancellationToken));
        }
    }

    /// <summary>UIDs ascend; one that does not is not one of this mailbox any more, as where files were put together.</summary>
    private static async IAsyncEnumerable<LocalMessage> InOrderAsync(string file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        uint last = 0;
        await foreach (var message in MessagesAsync(file, cancellationToken))
        {
            var uid = message.Uid > last ? message.Uid : null;
            last = uid ?? last;
            yield return new LocalMessage(uid, message.Flags, message.Date, message.Octets);
        }
    }

    private static IEnumerable<(string File, MailboxName Name)> Files(string path, MailboxName? into)
    {
        if (!Directory.Exists(path))
        {
            yield return (path, into ?? NameOf(Path.GetFileName(path)) ?? MailboxName.Inbox);
            yield break;
        }
        foreach (var file in Directory.EnumerateFiles(path, "*" + Extension, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (NameOf(Path.GetRelativePath(path, file)) is { } name) yield return (file, name);
        }
    }

    private static MailboxName? NameOf(string path)
    {
        var levels = (path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? path[..^Extension.Length] : path).Split(Path.DirectorySeparatorChar).Select(Maildir.Decode);
        return MailboxName.TryParse(string.Join(MailboxName.Delimiter, levels), out var name) ? name : null;
    }

    private sealed record Message(uint? Uid, uint? Validity, uint? Next, MessageFlags Flags, DateTimeOffset? Date, byte[] Octets);

    private static async IAsyncEnumerable<Message> MessagesAsync(string file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        var reader = PipeReader.Create(stream);
        using var lines = new MemoryStream();
        string? from = null;
        var blankBefore = true;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (TryReadLine(ref buffer, read.IsCompleted, out var line))
            {
                if (blankBefore && IsFrom(line))
                {
                    if (from is not null) yield return Parse(from, lines, ended: true);
                    from = Encoding.Latin1.GetString(line).TrimEnd();
                    lines.SetLength(0);
                }
                else if (from is null) throw new UsageFailure($"{file} is no mbox: it does not begin with a line 'From '.");
                else lines.Write(line[0] == '>' && IsFrom(line.AsSpan().TrimStart((byte)'>')) ? line.AsSpan(1) : line);
                blankBefore = line is [(byte)'\n'] or [(byte)'\r', (byte)'\n'];
            }
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted) break;
        }
        await reader.CompleteAsync();
        if (from is not null) yield return Parse(from, lines, blankBefore);
    }

    private static bool TryReadLine(ref ReadOnlySequence<byte> buffer, bool isLast, out byte[] line)
    {
        line = [];
        var end = buffer.PositionOf((byte)'\n');
        if (end is null && (!isLast || buffer.IsEmpty)) return false;
        var after = end is { } found ? buffer.GetPosition(1, found) : buffer.End;
        line = buffer.Slice(0, after).ToArray();
        buffer = buffer.Slice(after);
        return true;
    }

    /// <param name="ended">The blank line behind a message is not part of it.</param>
    private static Message Parse(string from, MemoryStream lines, bool ended)
    {
        var all = lines.GetBuffer().AsSpan(0, (int)lines.Length);
        if (ended && all.Length > 0) all = all[..(all.Length - (all.EndsWith("\r\n"u8) ? 2 : 1))];
        return all.StartsWith("X-Merpati: "u8) ? ParseOwn(all) : ParseForeign(from, all);
    }

    private static Message ParseOwn(ReadOnlySpan<byte> all)
    {
        var fields = Line(ref all)[Own.Length..].Split("; ").Select(field => field.Split('=', 2)).Where(field => field.Length == 2).ToDictionary(field => field[0], field => field[1], StringComparer.Ordinal);
        var status = Line(ref all);
        var more = Line(ref all);
        var keywords = Line(ref all);
        var octets = fields.GetValueOrDefault("lines") == "raw" ? all.ToArray() : LineEnds.WithCr(all);
        // A message whose last line has no end was given one.
        if (long.TryParse(fields.GetValueOrDefault("octets"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size < octets.Length) octets = octets[..(int)size];
        DateTimeOffset? date = DateTimeOffset.TryParseExact(fields.GetValueOrDefault("date"), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out var exact) ? exact : null;
        return new Message(Number("uid"), Number("validity"), Number("next"), Flags(status, more, keywords), date, octets);

        uint? Number(string name) => uint.TryParse(fields.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static Message ParseForeign(string from, ReadOnlySpan<byte> all)
    {
        var (status, more, keywords) = ("", "", "");
        using var kept = new MemoryStream();
        var dropped = false;
        while (!all.IsEmpty && all[0] is not ((byte)'\n' or (byte)'\r'))
        {
            var rest = all;
            var text = Line(ref rest);
            if (all[0] is not ((byte)' ' or (byte)'\t'))
            {
                dropped = Foreign.Any(name => text.StartsWith(name, StringComparison.OrdinalIgnoreCase));
                if (text.StartsWith("Status:", StringComparison.OrdinalIgnoreCase)) status = text;
                else if (text.StartsWith("X-Status:", StringComparison.OrdinalIgnoreCase)) more = text;
                else if (text.StartsWith("X-Keywords:", StringComparison.OrdinalIgnoreCase)) keywords = text;
            }
            if (!dropped) kept.Write(all[..(all.Length - rest.Length)]);
            all = rest;
        }
        kept.Write(all);
        return new Message(null, null, null, Flags(status, more, keywords), DateOf(from), LineEnds.ToCrLf(kept.GetBuffer().AsSpan(0, (int)kept.Length)));
    }

    private static MessageFlags Flags(string status, string more, string keywords)
    {
        status = Value(status);
        more = Value(more);
        var system = Letters.Where(letter => more.Contains(letter.Letter, StringComparison.Ordinal)).Aggregate(SystemFlags.None, (all, letter) => all | letter.Flag);
        return new MessageFlags(status.Contains('R', StringComparison.Ordinal) ? system | SystemFlags.Seen : system, Value(keywords).Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));

        static string Value(string field) => field.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? field[(colon + 1)..].Trim() : "";
    }

    /// <summary><c>From sender Thu Nov 19 04:05:06 2026</c>; the zone is not said, and taken for UTC.</summary>
    private static DateTimeOffset? DateOf(string from)
    {
        var words = from.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 2; i + 5 <= words.Length; i++)
        {
            if (DateTime.TryParseExact(string.Join(' ', words[i..(i + 5)]), ["ddd MMM d HH:mm:ss yyyy", "ddd MMM dd HH:mm:ss yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date)) return new DateTimeOffset(date, TimeSpan.Zero);
        }
        return null;
    }

    private static string Line(ref ReadOnlySpan<byte> all)
    {
        var end = all.IndexOf((byte)'\n');
        var line = Encoding.UTF8.GetString(end < 0 ? all : all[..end]).TrimEnd('\r');
        all = end < 0 ? [] : all[(end + 1)..];
        return line;
    }

    private static bool IsFrom(ReadOnlySpan<byte> line) => line.StartsWith("From "u8);
}

/// <summary>Writes each mailbox into a file of its own, in folders as the mailboxes are.</summary>
internal sealed class MboxFiles(string root) : IMailFiles, IAsyncDisposable
{
    private FileStream? _file;
    private ArchivedMailbox? _mailbox;

    public ValueTask BeginAsync(ArchiveHeader header, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(root);
        return default;
    }

    public async ValueTask BeginMailboxAsync(MailboxName name, ArchivedMailbox mailbox, CancellationToken cancellationToken)
    {
        await DisposeAsync();
        // No level is '..', and none looks like a file of ours.
        var levels = name.Value.Split(MailboxName.Delimiter).Select(level => (level.StartsWith('.') ? "&AC4-" + level[1..] : level).Replace(Mbox.Extension, "&AC4-mbox", StringComparison.OrdinalIgnoreCase));
        var path = Path.Combine([root, .. levels]) + Mbox.Extension;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _mailbox = mailbox;
        _file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 64 * 1024, Options = FileOptions.Asynchronous });
    }

    public async ValueTask WriteAsync(ArchivedMessage message, Stream octets, CancellationToken cancellationToken)
        => await Mbox.WriteAsync(_file!, _mailbox!, message, await LineEnds.ReadAllAsync(octets, message.Size, cancellationToken), cancellationToken);

    public ValueTask EndAsync(CancellationToken cancellationToken) => DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (_file is not null) await _file.DisposeAsync();
        _file = null;
    }
}
