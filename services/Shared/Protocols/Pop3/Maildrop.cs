using System.Collections;
using System.Globalization;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Pop3;

/// <summary>
/// INBOX as one session sees it: fixed when it is opened, numbered from 1, with marks for what QUIT shall remove (RFC 1939 §4 and §5).
/// Twelve octets and a bit for each message, so that a maildrop of a million is no trouble.
/// </summary>
internal sealed class Maildrop
{
    private readonly UidValidity _uidValidity;
    private readonly Uid[] _uids;
    private readonly long[] _sizes;
    private readonly BitArray _deleted;

    internal Maildrop(MailboxId mailbox, UidValidity uidValidity, Uid[] uids, long[] sizes)
    {
        Mailbox = mailbox;
        _uidValidity = uidValidity;
        _uids = uids;
        _sizes = sizes;
        _deleted = new BitArray(uids.Length);
        Remaining = uids.Length;
        RemainingOctets = sizes.Sum();
    }

    internal MailboxId Mailbox { get; }

    /// <summary>The highest message number; deleted ones keep theirs.</summary>
    internal int Count => _uids.Length;

    internal int Remaining { get; private set; }

    internal long RemainingOctets { get; private set; }

    /// <param name="utf8">Sizes are those of the messages, not of what a client without UTF-8 is sent.</param>
    internal static async ValueTask<Maildrop> OpenAsync(IMailboxes mailboxes, AccountId account, bool utf8, CancellationToken cancellationToken)
    {
        await mailboxes.EnsureAccountAsync(account, cancellationToken).ConfigureAwait(false);
        var inbox = await mailboxes.FindAsync(account, MailboxName.Inbox, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidOperationException($"Account {account} has no INBOX.");
        var uids = new List<Uid>((int)Math.Min(inbox.Messages, 1_000_000));
        var sizes = new List<long>(uids.Capacity);
        if (inbox.UidNext.Value > 1)
        {
            // Up to UIDNEXT of this moment: what arrives while the list is read belongs to the next session.
            var known = UidSet.Of([new UidRange(new Uid(1), new Uid(inbox.UidNext.Value - 1))]);
            await foreach (var message in mailboxes.MessagesAsync(account, inbox.Id, known, cancellationToken).ConfigureAwait(false))
            {
                uids.Add(message.Uid);
                sizes.Add((utf8 ? message : DowngradedMessage.Of(message)).Size);
            }
        }
        return new Maildrop(inbox.Id, inbox.UidValidity, [.. uids], [.. sizes]);
    }

    internal bool Exists(int number) => number >= 1 && number <= Count;

    internal bool IsDeleted(int number) => _deleted[number - 1];

    internal Uid UidOf(int number) => _uids[number - 1];

    internal long SizeOf(int number) => _sizes[number - 1];

    /// <summary>The same for a message in all sessions, and never that of another message: UIDVALIDITY and UID (RFC 1939 §7 UIDL).</summary>
    internal string UniqueIdOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{_uidValidity.Value:x8}{UidOf(number).Value:x8}");

    internal void Delete(int number)
    {
        _deleted[number - 1] = true;
        Remaining--;
        RemainingOctets -= SizeOf(number);
    }

    internal void UndeleteAll()
    {
        _deleted.SetAll(false);
        Remaining = Count;
        RemainingOctets = _sizes.Sum();
    }

    internal IEnumerable<int> RemainingNumbers()
    {
        for (var number = 1; number <= Count; number++)
        {
            if (!IsDeleted(number)) yield return number;
        }
    }

    internal UidSet DeletedUids() => UidSet.Of(Enumerable.Range(1, Count).Where(IsDeleted).Select(UidOf));
}
