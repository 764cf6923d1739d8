using Merpati.Accounts;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>Which mailboxes a session reaches, and with which rights (RFC 4314). Rights of others' mailboxes are asked for each time, and kept for none but the selected one.</summary>
internal sealed partial class ImapSession
{
    /// <summary>Under which names the account may have been granted something.</summary>
    private IReadOnlyList<Grantee> Names => [Grantee.Of(Account.Id), Grantee.AnyoneOf(Account.Address.Domain), Grantee.Anyone];

    /// <summary>Null where there is none of that name, or none that the account has a right to.</summary>
    public ValueTask<ReachedMailbox?> FindAsync(MailboxArgument argument, CancellationToken cancellationToken) => argument.Name is { } name ? FindAsync(name, cancellationToken) : default;

    /// <inheritdoc cref="FindAsync(MailboxArgument, CancellationToken)"/>
    public async ValueTask<ReachedMailbox?> FindAsync(MailboxName name, CancellationToken cancellationToken)
    {
        if (await Mailboxes.FindAsync(Account.Id, name, cancellationToken).ConfigureAwait(false) is { } own) return ReachedMailbox.Own(Account.Id, own);
        if (ForeignName.TryParse(name) is not { } foreign || await FindOwnerAsync(foreign, cancellationToken).ConfigureAwait(false) is not { } owner) return null;
        var reached = await ReachAsync(owner, foreign.Inside, cancellationToken).ConfigureAwait(false);
        return reached is { Rights: not MailboxRights.None } ? reached : null;
    }

    /// <summary>Where messages shall go: a mailbox with the right to insert, or why not. TRYCREATE only where it could be created.</summary>
    public async ValueTask<(ReachedMailbox? Mailbox, Completion Refusal)> FindDestinationAsync(MailboxArgument argument, CancellationToken cancellationToken)
    {
        if (await FindAsync(argument, cancellationToken).ConfigureAwait(false) is { } found)
            return ReachedMailbox.Refusal(found, MailboxRights.Insert) is { } refusal ? (null, refusal) : (found, default);
        if (argument.Name is not { } name || !ForeignName.IsReserved(name)) return (null, Completion.TryCreate);
        var mayCreate = ForeignName.TryParse(name) is { } foreign && (await FindParentAsync(foreign, cancellationToken).ConfigureAwait(false))?.May(MailboxRights.Create) == true;
        return (null, mayCreate ? Completion.TryCreate : Completion.NoSuchMailbox);
    }

    /// <summary>
    /// Whose rights count when a mailbox of another is created: the nearest that is above it, and at the top of the account its INBOX. Null where the account has no rights there.
    /// </summary>
    public async ValueTask<ReachedMailbox?> FindParentAsync(ForeignName name, CancellationToken cancellationToken)
    {
        if (await FindOwnerAsync(name, cancellationToken).ConfigureAwait(false) is not { } owner) return null;
        var above = await Inheritance.FindParentAsync(this, owner.Id, name.Inside, cancellationToken).ConfigureAwait(false);
        var parent = await ReachAsync(owner, above?.Name ?? MailboxName.Inbox, cancellationToken).ConfigureAwait(false);
        return parent is { Rights: not MailboxRights.None } ? parent : null;
    }

    /// <summary>All mailboxes of the account and, if asked for, those of others that it may see.</summary>
    public async ValueTask<IReadOnlyList<ReachedMailbox>> ListAsync(bool withForeign, CancellationToken cancellationToken)
    {
        var own = await Mailboxes.ListAsync(Account.Id, cancellationToken).ConfigureAwait(false);
        var reached = new List<ReachedMailbox>(own.Count);
        foreach (var mailbox in own) reached.Add(ReachedMailbox.Own(Account.Id, mailbox));
        if (withForeign) await AddForeignAsync(reached, cancellationToken).ConfigureAwait(false);
        return reached;
    }

    /// <summary>The account whose mailboxes these are; null where nothing of it could be shared with this one.</summary>
    public async ValueTask<Account?> FindOwnerAsync(ForeignName name, CancellationToken cancellationToken)
    {
        var owner = await Engine.Directory.FindAccountAsync(name.Owner, cancellationToken).ConfigureAwait(false);
        return owner is not null && owner.Shared == name.OfSharedAccount && MayShare(owner) ? owner : null;
    }

    /// <summary>COPY or MOVE out of the selected mailbox, without the flags for which there are no rights at the destination.</summary>
    public ValueTask<CopyOutcome> TransferAsync(SelectedMailbox source, UidSet uids, ReachedMailbox destination, bool move, CancellationToken cancellationToken)
    {
        if (destination.Owner != source.Account || !destination.May(MailboxRights.Flags)) return Mailboxes.TransferAsync(source.Account, source.Id, uids, destination.Place, destination.Rights, move, cancellationToken);
        return move
            ? Mailboxes.MoveAsync(source.Account, source.Id, uids, destination.Id, cancellationToken)
            : Mailboxes.CopyAsync(source.Account, source.Id, uids, destination.Id, cancellationToken);
    }

    /// <summary>
    /// Asks again for the rights to a selected mailbox of another, where they may have changed or were not asked for lately. The client is told what it may change of now (RFC 4314 §5.1.1).
    /// </summary>
    /// <exception cref="MailboxGoneException">It may not be read any more.</exception>
    public async ValueTask CheckRightsAsync(CancellationToken cancellationToken)
    {
        if (TrySelected is not { IsOwn: false } mailbox || !mailbox.TakeRightsDue(Engine.Time)) return;
        MailboxRights rights;
        try
        {
            var owner = await Engine.Directory.GetAccountAsync(mailbox.Account, cancellationToken).ConfigureAwait(false);
            rights = owner is null || !MayShare(owner) ? MailboxRights.None
                : Grants.Of(Names, await Mailboxes.GrantsAsync(mailbox.Account, mailbox.Id, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            mailbox.MakeRightsDue();
            throw;
        }
        if (!rights.HasFlag(MailboxRights.Read))
        {
            Log.RightsLost(Id, Account.Id, mailbox.Id, mailbox.Account);
            throw new MailboxGoneException("The selected mailbox is not shared with you any more", "The mailbox is not shared with you any more");
        }
        if (rights == mailbox.Rights) return;
        mailbox.Rights = rights;
        WriteKnownFlags(mailbox);
        WritePermanentFlags(mailbox);
    }

    private async ValueTask AddForeignAsync(List<ReachedMailbox> reached, CancellationToken cancellationToken)
    {
        var names = Names;
        var sharers = await Mailboxes.SharersAsync(names, cancellationToken).ConfigureAwait(false);
        if (sharers.Count == 0) return;
        var subscribed = (await Mailboxes.ListSubscriptionsAsync(Account.Id, cancellationToken).ConfigureAwait(false)).ToHashSet();
        foreach (var sharer in sharers)
        {
            if (sharer == Account.Id || await Engine.Directory.GetAccountAsync(sharer, cancellationToken).ConfigureAwait(false) is not { } owner || !MayShare(owner)) continue;
            var grants = (await Mailboxes.GrantsAsync(sharer, mailbox: null, cancellationToken).ConfigureAwait(false)).ToLookup(grant => grant.Mailbox);
            foreach (var mailbox in await Mailboxes.ListAsync(sharer, cancellationToken).ConfigureAwait(false))
            {
                var rights = Grants.Of(names, grants[mailbox.Id]);
                if (rights.HasFlag(MailboxRights.Lookup) && Reach(owner, mailbox, rights) is { } foreign)
                    reached.Add(foreign with { Info = foreign.Info with { Subscribed = subscribed.Contains(foreign.Name) } });
            }
        }
    }

    /// <summary>Also where there are no rights; null only where there is no such mailbox.</summary>
    private async ValueTask<ReachedMailbox?> ReachAsync(Account owner, MailboxName inside, CancellationToken cancellationToken)
    {
        if (await Mailboxes.FindAsync(owner.Id, inside, cancellationToken).ConfigureAwait(false) is not { } mailbox) return null;
        return Reach(owner, mailbox, Grants.Of(Names, await Mailboxes.GrantsAsync(owner.Id, mailbox.Id, cancellationToken).ConfigureAwait(false)));
    }

    /// <summary>What the owner uses a mailbox for, and whether the owner subscribes to it, is nothing to others.</summary>
    private static ReachedMailbox? Reach(Account owner, MailboxInfo mailbox, MailboxRights rights)
        => ForeignName.Of(owner, mailbox.Name) is { } name
            ? new ReachedMailbox(owner.Id, mailbox with { Name = name, SpecialUse = SpecialUse.None, Subscribed = false }, mailbox.Name, rights, IsOwn: false)
            : null;

    private bool MayShare(Account owner) => owner.Enabled && owner.Id != Account.Id && (Options.ShareAcrossDomains || owner.Address.Domain == Account.Address.Domain);
}
