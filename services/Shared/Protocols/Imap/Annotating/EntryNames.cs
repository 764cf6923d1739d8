using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>Names of annotations (RFC 5464 §3.2): <c>/private/…</c> is the account's own, <c>/shared/…</c> everybody's. Case makes no difference.</summary>
internal static class EntryNames
{
    private const int MaxEntries = 200;

    private const string Shared = "/shared/";

    /// <summary>An entry, or several in parentheses.</summary>
    public static IReadOnlyList<string> ParseList(ref CommandScanner scanner)
    {
        if (!scanner.TryTake((byte)'(')) return [Parse(ref scanner, withValue: false)];
        var entries = new List<string>();
        do entries.Add(Parse(ref scanner, withValue: false));
        while (!scanner.Failed && scanner.TryTake((byte)' '));
        scanner.Expect((byte)')');
        if (entries.Count > MaxEntries) scanner.Fail("Too many entries");
        return entries;
    }

    /// <param name="withValue">It names one entry; else it may be a root, of which DEPTH shows what is below.</param>
    public static string Parse(ref CommandScanner scanner, bool withValue)
    {
        var entry = Encoding.Latin1.GetString(scanner.AString("an entry"));
        if (!IsPossible(entry, withValue)) scanner.Fail("Such an entry is not possible");
        return entry;
    }

    public static string Fold(string entry) => entry.ToLowerInvariant();

    public static bool IsShared(string entry) => entry.StartsWith(Shared, StringComparison.Ordinal);

    /// <summary>The mailbox of a command, or the server where the name is empty; null where there is no such mailbox.</summary>
    public static async ValueTask<(MailboxId Id, MailboxName? Name)?> FindAsync(ImapSession session, MailboxArgument argument, CancellationToken cancellationToken)
    {
        if (argument.IsEmpty) return (Annotations.OfServer, null);
        if (argument.Name is not { } name || await session.Mailboxes.FindAsync(session.Account.Id, name, cancellationToken).ConfigureAwait(false) is not { } mailbox) return null;
        return (mailbox.Id, mailbox.Name);
    }

    /// <summary>What there is, in order of entry; the server's shared entries are those of its configuration.</summary>
    public static async ValueTask<SortedDictionary<string, ReadOnlyMemory<byte>>> ReadAsync(ImapSession session, MailboxId mailbox, CancellationToken cancellationToken)
    {
        var annotations = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        await foreach (var annotation in session.Mailboxes.AnnotationsAsync(session.Account.Id, mailbox, cancellationToken).ConfigureAwait(false)) annotations[annotation.Entry] = annotation.Value;
        if (mailbox != Annotations.OfServer) return annotations;
        if (session.Options.AdminContact is { } admin) annotations["/shared/admin"] = Encoding.UTF8.GetBytes(admin);
        if (session.Options.ServerComment is { } comment) annotations["/shared/comment"] = Encoding.UTF8.GetBytes(comment);
        return annotations;
    }

    private static bool IsPossible(string entry, bool withValue)
    {
        if (entry.Length > Annotations.MaxEntryLength || entry.EndsWith('/') || entry.Contains("//", StringComparison.Ordinal)) return false;
        foreach (var c in entry)
        {
            if (c is < ' ' or > '~' or '*' or '%') return false;
        }
        var folded = Fold(entry);
        return folded.StartsWith("/private/", StringComparison.Ordinal) || IsShared(folded) || (!withValue && folded is "/private" or "/shared");
    }
}
