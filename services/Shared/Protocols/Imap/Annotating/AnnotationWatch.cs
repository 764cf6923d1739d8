using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Which annotations the client of NOTIFY knows in which state (RFC 5465 §5.6, §5.7). It keeps a hash of each value: what the values are a client asks for itself.
/// </summary>
internal sealed class AnnotationWatch
{
    private Dictionary<(MailboxId Mailbox, string Entry), int> _known = [];
    private int _rung;

    /// <summary>Something may have changed. From any thread.</summary>
    public void Ring() => Volatile.Write(ref _rung, 1);

    public async ValueTask LearnAsync(ImapSession session, CancellationToken cancellationToken) => _known = await ReadAsync(session, cancellationToken).ConfigureAwait(false);

    /// <summary>The session's own changes are no news to it.</summary>
    public void Learn(MailboxId mailbox, IReadOnlyList<AnnotationChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Value is { } value) _known[(mailbox, change.Entry)] = Hash(value);
            else _known.Remove((mailbox, change.Entry));
        }
    }

    /// <summary>The entries that have changed since the last look, or are gone, by mailbox; empty where no bell rang.</summary>
    public async ValueTask<IReadOnlyList<IGrouping<MailboxId, string>>> TakeChangesAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _rung, 0) == 0) return [];
        Dictionary<(MailboxId Mailbox, string Entry), int> now;
        try { now = await ReadAsync(session, cancellationToken).ConfigureAwait(false); }
        catch
        {
            Ring();
            throw;
        }
        var changed = now.Where(annotation => !_known.TryGetValue(annotation.Key, out var hash) || hash != annotation.Value).Select(annotation => annotation.Key)
            .Concat(_known.Keys.Where(key => !now.ContainsKey(key)));
        List<IGrouping<MailboxId, string>> changes = [.. changed.GroupBy(key => key.Mailbox, key => key.Entry)];
        _known = now;
        return changes;
    }

    private static async ValueTask<Dictionary<(MailboxId Mailbox, string Entry), int>> ReadAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var annotations = new Dictionary<(MailboxId Mailbox, string Entry), int>();
        await foreach (var annotation in session.Mailboxes.AnnotationsAsync(session.Account.Id, mailbox: null, cancellationToken).ConfigureAwait(false))
            annotations[(annotation.Mailbox, annotation.Entry)] = Hash(annotation.Value);
        return annotations;
    }

    private static int Hash(ReadOnlyMemory<byte> value)
    {
        var hash = default(HashCode);
        hash.AddBytes(value.Span);
        return hash.ToHashCode();
    }
}
