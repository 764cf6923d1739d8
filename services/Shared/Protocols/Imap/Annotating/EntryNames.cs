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

    /// <summary>What there is of a mailbox, in order of entry. The private entries of another's are the owner's alone.</summary>
    /// <param name="mailbox">Null for the server, whose shared entries are those of its configuration.</param>
    public static async ValueTask<SortedDictionary<string, ReadOnlyMemory<byte>>> ReadAsync(ImapSession session, ReachedMailbox? mailbox, CancellationToken cancellationToken)
    {
        var annotations = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        var (owner, id) = mailbox?.Place ?? new MailboxPlace(session.Account.Id, Annotations.OfServer);
        await foreach (var annotation in session.Mailboxes.AnnotationsAsync(owner, id, cancellationToken).ConfigureAwait(false))
        {
            if (mailbox?.IsOwn != false || IsShared(annotation.Entry)) annotations[annotation.Entry] = annotation.Value;
        }
        if (mailbox is not null) return annotations;
        if (session.Options.AdminContact is { } admin) annotations["/shared/admin"] = Encoding.UTF8.GetBytes(admin);
        if (session.Options.ServerComment is { } comment) annotations["/shared/comment"] = Encoding.UTF8.GetBytes(comment);
        return annotations;
    }

    /// <summary>Why the annotations of a mailbox are not to be seen (RFC 5464 §3.3); null where they are.</summary>
    public static Completion? Refusal(ReachedMailbox? mailbox)
        => ReachedMailbox.Refusal(mailbox, MailboxRights.Lookup) ?? (mailbox!.ShowsAnnotations ? null : Completion.NoPermission);

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
