using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What a search found, in the order of the answer, and the ways to say it.</summary>
/// <param name="Uids">Of messages that have a number.</param>
/// <param name="ByUid">The answer is in UIDs.</param>
internal sealed record SearchResults(IReadOnlyList<Uid> Uids, MailboxView View, bool ByUid)
{
    /// <summary>What arrived and has not been told of has no number yet, and does not show in either form.</summary>
    public static SearchResults Known(IReadOnlyList<Uid> found, MailboxView view, bool byUid)
    {
        var known = new List<Uid>(found.Count);
        foreach (var uid in found)
        {
            if (view.NumberOf(uid) > 0) known.Add(uid);
        }
        return new SearchResults(known, view, byUid);
    }

    /// <summary><c>* SEARCH</c> or <c>* SORT</c> with its numbers (RFC 3501 §7.2.5, RFC 5256 §4).</summary>
    /// <param name="modSeq">The highest of those found, where it was asked for (RFC 7162 §3.1.5).</param>
    public async ValueTask WriteAsync(ResponseWriter output, string word, ModSeq? modSeq)
    {
        output.Raw("* "u8).Ascii(word);
        foreach (var uid in Uids)
        {
            output.Raw(" "u8).Number(Number(uid));
            await output.FlushIfFullAsync().ConfigureAwait(false);
        }
        if (modSeq is { } highest) output.Raw(" (MODSEQ "u8).Number(highest.Value).Raw(")"u8);
        output.Line();
    }

    /// <summary>
    /// <c>* ESEARCH</c> (RFC 4731 §3.1): MIN, MAX and ALL are left out when nothing was found.
    /// </summary>
    /// <param name="where">MAILBOX and UIDVALIDITY after the tag (RFC 7377 §2.1); null for the selected mailbox.</param>
    public void WriteExtended(ResponseWriter output, string tag, ResultOptions options, ModSeq? modSeq, MailboxInfo? where = null)
    {
        output.Raw("* ESEARCH (TAG "u8).String(tag);
        if (where is not null) output.Raw(" MAILBOX "u8).Mailbox(where.Name).Raw(" UIDVALIDITY "u8).Number(where.UidValidity.Value);
        output.Raw(")"u8);
        if (ByUid) output.Raw(" UID"u8);
        if (Uids.Count > 0)
        {
            if (options.Min) output.Raw(" MIN "u8).Number(Number(Uids[0]));
            if (options.Max) output.Raw(" MAX "u8).Number(Number(Uids[^1]));
            if (options.All) output.Raw(" ALL "u8).NumberSet(Uids.Select(Number));
        }
        if (options.Partial is { } partial)
        {
            var (start, count) = partial.Of(Uids.Count);
            output.Raw(" PARTIAL ("u8).Number(partial.First).Raw(":"u8).Number(partial.Last).Raw(" "u8);
            if (count == 0) output.Raw("NIL"u8);
            else output.NumberSet(Uids.Skip(start).Take(count).Select(Number));
            output.Raw(")"u8);
        }
        if (options.Count) output.Raw(" COUNT "u8).Number(Uids.Count);
        if (modSeq is { } highest) output.Raw(" MODSEQ "u8).Number(highest.Value);
        output.Line();
    }

    /// <summary>Of the messages that the answer names (RFC 7162 §3.1.10); null where it names none.</summary>
    public async ValueTask<ModSeq?> HighestModSeqAsync(ImapSession session, AccountId account, MailboxId mailbox, ResultOptions? options, CancellationToken cancellationToken)
    {
        if (Uids.Count == 0) return null;
        ModSeq highest = default;
        await foreach (var state in session.Mailboxes.StatesAsync(account, mailbox, UidSet.Of(options?.Saved(Uids) ?? Uids), cancellationToken).ConfigureAwait(false))
        {
            if (state.ModSeq > highest) highest = state.ModSeq;
        }
        return highest == default ? null : highest;
    }

    private uint Number(Uid uid) => ByUid ? uid.Value : (uint)View.NumberOf(uid);
}
