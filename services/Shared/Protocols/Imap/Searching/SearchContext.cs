using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>A search whose result the client is kept told of (RFC 5267 §4.3 UPDATE).</summary>
/// <param name="criteria">With message numbers put in: they are those of the moment of the search.</param>
/// <param name="keys">How many there are in the criteria: what a look at a message costs.</param>
/// <param name="modSeq">The result may be from before any change after this.</param>
internal sealed class SearchContext(string tag, bool byUid, SearchCriteria criteria, int keys, IEnumerable<Uid> found, ModSeq modSeq)
{
    private readonly HashSet<Uid> _found = [.. found];
    private ModSeq _modSeq = modSeq;

    public string Tag => tag;

    public int Keys => keys;

    /// <summary>Before the EXPUNGE responses, while the numbers are those that the client has (RFC 5267 §4.3.4).</summary>
    public void TellVanishing(ResponseWriter output, MailboxView view)
    {
        var removed = view.Vanishing.Where(_found.Remove).Order().ToList();
        if (removed.Count > 0) Write(output, view, removed, []);
    }

    /// <summary>After EXISTS and FETCH: what changed is looked at again.</summary>
    public async ValueTask TellChangesAsync(ImapSession session, SelectedMailbox mailbox, CancellationToken cancellationToken)
    {
        if (await session.Mailboxes.ChangesAsync(mailbox.Account, mailbox.Id, _modSeq, cancellationToken).ConfigureAwait(false) is not { } changes) return;
        var changed = changes.Changed.Select(state => state.Uid).ToList();
        // What came in after the last look has no number yet, and is looked at when it has.
        var known = changed.FindAll(uid => mailbox.View.NumberOf(uid) > 0);
        if (known.Count == changed.Count) _modSeq = changes.Mailbox.HighestModSeq;
        if (known.Count == 0) return;
        var both = new SearchCriteria.And([new SearchCriteria.Uids(UidSet.Of(known)), criteria]);
        var matching = (await session.Mailboxes.SearchAsync(mailbox.Account, mailbox.Id, both, cancellationToken).ConfigureAwait(false)).ToHashSet();
        var removed = known.FindAll(uid => !matching.Contains(uid) && _found.Remove(uid));
        var added = known.FindAll(uid => matching.Contains(uid) && _found.Add(uid));
        if (removed.Count + added.Count > 0) Write(session.Output, mailbox.View, removed, added);
    }

    /// <summary>Places in the result are not told: without SORT they mean nothing, and are 0 (RFC 5267 §4.3.3).</summary>
    private void Write(ResponseWriter output, MailboxView view, List<Uid> removed, List<Uid> added)
    {
        output.Raw("* ESEARCH (TAG "u8).String(tag).Raw(")"u8);
        if (byUid) output.Raw(" UID"u8);
        if (removed.Count > 0) output.Raw(" REMOVEFROM (0 "u8).NumberSet(removed.Select(Number)).Raw(")"u8);
        if (added.Count > 0) output.Raw(" ADDTO (0 "u8).NumberSet(added.Select(Number)).Raw(")"u8);
        output.Line();

        uint Number(Uid uid) => byUid ? uid.Value : (uint)view.NumberOf(uid);
    }
}

/// <summary>The searches of the selected mailbox that are kept up to date.</summary>
internal sealed class SearchContexts
{
    public const int Limit = 16;

    /// <summary>Keys of all of them: every message that changes is put against each.</summary>
    private const int KeyLimit = 100;

    private readonly List<SearchContext> _contexts = [];
    private int _stale;

    public bool HasRoomFor(SearchContext context) => _contexts.Count < Limit && _contexts.Sum(other => other.Keys) + context.Keys <= KeyLimit;

    public bool Has(string tag) => _contexts.Exists(context => context.Tag == tag);

    public void Add(SearchContext context) => _contexts.Add(context);

    public void Remove(string tag) => _contexts.RemoveAll(context => context.Tag == tag);

    /// <summary>Something in the mailbox changed. From any thread.</summary>
    public void Touch() => Volatile.Write(ref _stale, 1);

    public void TellVanishing(ResponseWriter output, MailboxView view)
    {
        foreach (var context in _contexts) context.TellVanishing(output, view);
    }

    public async ValueTask TellChangesAsync(ImapSession session, SelectedMailbox mailbox, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stale, 0) == 0) return;
        try
        {
            foreach (var context in _contexts) await context.TellChangesAsync(session, mailbox, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or TimeoutException)
        {
            // The command that ends here is done all the same; the news come with a later one.
            Touch();
            session.Log.LookFailed(fault, session.Id, mailbox.Id);
        }
    }
}
