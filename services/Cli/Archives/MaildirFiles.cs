using System.Globalization;
using System.Text;
using Merpati.Archives;
using Merpati.Mailboxes;

namespace Merpati.Cli.Archives;

/// <summary>Writes a <see cref="Maildir"/> as Dovecot finds its way in: it keeps UIDs and UIDVALIDITY.</summary>
internal sealed class MaildirFiles(string root) : IMailFiles
{
    private readonly string _root = root;
    private readonly List<string> _uids = [];
    private readonly List<string> _keywords = [];
    private string _folder = root;
    private ArchivedMailbox? _mailbox;
    private long _number;

    public async ValueTask BeginAsync(ArchiveHeader header, CancellationToken cancellationToken)
    {
        Make(_root);
        var names = header.Subscriptions.Select(text => MailboxName.TryParse(text, out var name) ? string.Join('.', Levels(name)) : null).OfType<string>();
        await File.WriteAllLinesAsync(Path.Combine(_root, Maildir.Subscriptions), names, cancellationToken);
    }

    public async ValueTask BeginMailboxAsync(MailboxName name, ArchivedMailbox mailbox, CancellationToken cancellationToken)
    {
        await FinishAsync(cancellationToken);
        _mailbox = mailbox;
        _folder = name.IsInbox ? _root : Path.Combine(_root, "." + string.Join('.', Levels(name)));
        Make(_folder);
        if (!name.IsInbox) await File.WriteAllTextAsync(Path.Combine(_folder, "maildirfolder"), "", cancellationToken);
    }

    public async ValueTask WriteAsync(ArchivedMessage message, Stream octets, CancellationToken cancellationToken)
    {
        var flags = ArchivedFlags.Read(message);
        foreach (var keyword in flags.Keywords)
        {
            if (!_keywords.Contains(keyword, StringComparer.OrdinalIgnoreCase) && !keyword.Equals(Maildir.Forwarded, StringComparison.OrdinalIgnoreCase)) _keywords.Add(keyword);
        }
        var all = await LineEnds.ReadAllAsync(octets, message.Size, cancellationToken);
        var lines = LineEnds.AreAllCrLf(all) ? LineEnds.ToLf(all) : all;
        var arrived = message.InternalDate ?? DateTimeOffset.UnixEpoch;
        var file = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(arrived.ToUnixTimeSeconds(), 0)}.M{++_number:D9}.merpati,S={lines.Length},W={all.Length}");
        var path = Path.Combine(_folder, "cur", $"{file}:2,{Maildir.Info(flags, _keywords)}");
        await File.WriteAllBytesAsync(path, lines, cancellationToken);
        File.SetLastWriteTimeUtc(path, arrived.UtcDateTime);
        if (message.Uid is { } uid) _uids.Add(string.Create(CultureInfo.InvariantCulture, $"{uid} :{file}"));
    }

    public ValueTask EndAsync(CancellationToken cancellationToken) => FinishAsync(cancellationToken);

    private async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        if (_mailbox is { UidValidity: { } validity, UidNext: { } next })
            await File.WriteAllLinesAsync(Path.Combine(_folder, Maildir.UidList), _uids.Prepend(string.Create(CultureInfo.InvariantCulture, $"3 V{validity} N{next} G{Guid.NewGuid():N}")), cancellationToken);
        // There are 26 letters: keywords beyond are lost, which is why there is the archive.
        if (_keywords.Count > 0) await File.WriteAllLinesAsync(Path.Combine(_folder, Maildir.KeywordList), _keywords.Take(Maildir.MaxKeywords).Select((keyword, index) => string.Create(CultureInfo.InvariantCulture, $"{index} {keyword}")), cancellationToken);
        _uids.Clear();
        _keywords.Clear();
    }

    /// <summary>A dot would be a level, and a level that leads elsewhere none of ours: both are written as modified UTF-7 writes what is not ASCII.</summary>
    private static IEnumerable<string> Levels(MailboxName name) => name.Value.Split(MailboxName.Delimiter).Select(level => ModifiedUtf7.Encode(level).Replace(".", "&AC4-", StringComparison.Ordinal));

    private static void Make(string folder)
    {
        foreach (var sub in new[] { "cur", "new", "tmp" }) Directory.CreateDirectory(Path.Combine(folder, sub));
    }
}
