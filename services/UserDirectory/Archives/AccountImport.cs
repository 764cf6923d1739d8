using System.Globalization;
using System.Runtime.CompilerServices;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Archives;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.UserDirectory.Archives;

/// <summary>Why an import stopped; what came in before stays, and the next import goes on behind it.</summary>
public sealed class ImportRefusedException(string code, string message) : Exception(message)
{
    /// <summary>A stable word for scripts.</summary>
    public string Code { get; } = code;
}

/// <summary>
/// Brings the mailboxes of an archive into an account. What the account has already (a message of the same EMAILID in the same mailbox) is left as it is, so that an import that was cut off can be made again.
/// Of each mailbox: 1. it is made where it is missing, and one that never had a message takes over UIDVALIDITY and MODSEQ; 2. batch by batch, all or nothing, the messages that are missing,
/// under their own UIDs where these are still free; 3. UIDNEXT. Annotations and grants come with the mailbox, subscriptions at the very end.
/// </summary>
/// <param name="newUids">Every message gets a new UID, as if it had been copied here: for mailboxes that went on since the archive was made.</param>
internal sealed class AccountImport(IMailboxes mailboxes, IDirectoryStore directory, Account account, bool newUids)
{
    private readonly List<string> _notTaken = [];
    private int _mailboxes;
    private long _messages;
    private long _octets;
    private long _known;
    private long _renumbered;

    /// <exception cref="ArchiveDamagedException">What was read is no archive, or not all of one.</exception>
    /// <exception cref="ImportRefusedException">The account cannot take it.</exception>
    public async ValueTask<ImportReport> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using var reader = new ArchiveReader(archive);
        var header = await reader.ReadHeaderAsync(cancellationToken);
        await mailboxes.EnsureAccountAsync(account.Id, cancellationToken);
        Target? target = null;
        while (true)
        {
            switch (await reader.NextAsync(cancellationToken))
            {
                case ArchivePart.Mailbox(var info):
                    await EndAsync(target, cancellationToken);
                    target = await BeginAsync(info, cancellationToken);
                    break;
                case ArchivePart.Batch(var batch):
                    await TakeAsync(target!, batch, reader, cancellationToken);
                    break;
                case ArchivePart.End:
                    await EndAsync(target, cancellationToken);
                    await AnnotateAsync(Annotations.OfServer, "the account", header.Annotations, cancellationToken);
                    await SubscribeAsync(header, cancellationToken);
                    return new ImportReport(_mailboxes, _messages, _octets, _known, _renumbered, _notTaken);
            }
        }
    }

    /// <param name="Past">Null where nothing of it is taken over.</param>
    /// <param name="Has">How many messages of an EMAILID there are that none of the archive was found to be yet.</param>
    private sealed record Target(MailboxInfo Mailbox, MailboxPast? Past, Dictionary<string, int> Has);

    private async ValueTask<Target> BeginAsync(ArchivedMailbox archived, CancellationToken cancellationToken)
    {
        if (!MailboxName.TryParse(archived.Name, out var name)) throw new ArchiveDamagedException("The archive names a mailbox as none can be named.");
        var mailbox = await mailboxes.FindAsync(account.Id, name, cancellationToken) ?? await CreateAsync(name, ArchivedFlags.ReadUse(archived.SpecialUse), cancellationToken);
        MailboxPast? past = null;
        if (!newUids && archived is { UidValidity: { } validity, UidNext: { } next })
        {
            past = new MailboxPast(new UidValidity(validity), new Uid(next), new ModSeq(archived.HighestModSeq ?? 1));
            mailbox = await mailboxes.ContinueAsync(account.Id, mailbox.Id, past with { UidNext = new Uid(1) }, cancellationToken) ?? throw Gone(name);
            if (mailbox.UidValidity != past.UidValidity) past = null;
        }
        _mailboxes++;
        await AnnotateAsync(mailbox.Id, name.Value, archived.Annotations, cancellationToken);
        await GrantAsync(mailbox, archived.Grants, cancellationToken);
        var has = new Dictionary<string, int>(StringComparer.Ordinal);
        if (mailbox.Messages > 0)
        {
            await foreach (var message in mailboxes.MessagesAsync(account.Id, mailbox.Id, UidSet.All, cancellationToken)) has[message.EmailId] = has.GetValueOrDefault(message.EmailId) + 1;
        }
        return new Target(mailbox, past, has);
    }

    private async ValueTask<MailboxInfo> CreateAsync(MailboxName name, SpecialUse use, CancellationToken cancellationToken)
    {
        var outcome = await mailboxes.CreateAsync(account.Id, name, use, cancellationToken);
        if (outcome == MailboxOutcome.Cannot && use != SpecialUse.None)
        {
            _notTaken.Add($"{name} is not the mailbox for {ArchivedFlags.Of(use)}: another one is");
            outcome = await mailboxes.CreateAsync(account.Id, name, SpecialUse.None, cancellationToken);
        }
        return outcome switch
        {
            MailboxOutcome.Done or MailboxOutcome.AlreadyExists => await mailboxes.FindAsync(account.Id, name, cancellationToken) ?? throw Gone(name),
            MailboxOutcome.Limit => throw new ImportRefusedException("too_many", $"The account has as many mailboxes as it may have; {name} is one too many."),
            _ => throw new ImportRefusedException("cannot", $"The mailbox {name} cannot be made."),
        };
    }

    private async ValueTask TakeAsync(Target target, IReadOnlyList<ArchivedMessage> batch, ArchiveReader reader, CancellationToken cancellationToken)
    {
        var missing = batch.Select(message => !Knows(target, message)).ToArray();
        var taken = new List<ArchivedMessage>(batch.Count);
        if (!missing.Contains(true))
        {
            await foreach (var _ in reader.MessagesAsync(cancellationToken)) _known++;
            return;
        }
        // The batch is read to its end within: messages are in the mailbox only when all of it was found to be whole.
        var outcome = await mailboxes.AppendAsync(account.Id, target.Mailbox.Id, MissingAsync(CancellationToken.None), replaced: null, cancellationToken);
        switch (outcome)
        {
            case AppendOutcome.Done(var appended):
                _messages += appended.Count;
                _octets += taken.Sum(message => message.Size);
                _known += batch.Count - appended.Count;
                _renumbered += taken.Zip(appended).Count(pair => pair.First.Uid is { } uid && uid != pair.Second.Uid.Value);
                break;
            case AppendOutcome.OverQuota: throw new ImportRefusedException("over_quota", $"The account is full after {Count(_messages)} messages: raise its quota (merpati account change --quota) and import again; what is there is not doubled.");
            case AppendOutcome.TooLarge: throw new ImportRefusedException("too_large", $"A message in {target.Mailbox.Name} of {Count(batch.Max(message => message.Size))} octets is larger than Mailboxes:MaxMessageSize; raise that and import again.");
            case AppendOutcome.NotConvertible: throw new ImportRefusedException("not_convertible", $"A message in {target.Mailbox.Name} holds a NUL and cannot be converted without harm.");
            default: throw Gone(target.Mailbox.Name);
        }

        async IAsyncEnumerable<MessageToAppend> MissingAsync([EnumeratorCancellation] CancellationToken token)
        {
            var i = 0;
            await foreach (var (message, octets) in reader.MessagesAsync(token))
            {
                if (!missing[i++]) continue;
                taken.Add(message);
                var uid = target.Past is not null && message.Uid is { } known ? new Uid(known) : (Uid?)null;
                yield return new MessageToAppend(ArchivedFlags.Read(message), message.InternalDate, message.Size, octets, new EarlierMessage(uid, message.EmailId, message.ThreadId, message.SaveDate));
            }
        }
    }

    /// <summary>Messages that were copied within one mailbox have the same EMAILID: as many of them are known as there are.</summary>
    private static bool Knows(Target target, ArchivedMessage message)
    {
        if (target.Has.GetValueOrDefault(message.EmailId) is not (var count and > 0)) return false;
        target.Has[message.EmailId] = count - 1;
        return true;
    }

    private async ValueTask EndAsync(Target? target, CancellationToken cancellationToken)
    {
        if (target is { Past: { } past }) await mailboxes.ContinueAsync(account.Id, target.Mailbox.Id, past, cancellationToken);
    }

    private async ValueTask AnnotateAsync(MailboxId mailbox, string name, IReadOnlyList<ArchivedAnnotation> annotations, CancellationToken cancellationToken)
    {
        if (annotations.Count == 0) return;
        if (annotations.Any(annotation => annotation.Entry.Length is 0 or > Annotations.MaxEntryLength || annotation.Value.Length > Annotations.MaxValueLength)) throw new ArchiveDamagedException($"An annotation of {name} is larger than one may be.");
        var outcome = await mailboxes.AnnotateAsync(account.Id, mailbox, [.. annotations.Select(annotation => new AnnotationChange(annotation.Entry, annotation.Value))], cancellationToken);
        if (outcome != AnnotationOutcome.Done) _notTaken.Add($"annotations of {name}: {(outcome == AnnotationOutcome.NoSuchMailbox ? "the mailbox is gone" : "there are as many as there may be")}");
    }

    private async ValueTask GrantAsync(MailboxInfo mailbox, IReadOnlyList<ArchivedGrant> grants, CancellationToken cancellationToken)
    {
        foreach (var grant in grants)
        {
            if (RightsText.TryParse(grant.Rights) is not { } rights) throw new ArchiveDamagedException($"The rights '{grant.Rights}' of {mailbox.Name} are none.");
            if (await GranteeAsync(grant.Grantee, cancellationToken) is not { } grantee) _notTaken.Add($"rights of {grant.Grantee} in {mailbox.Name}: nobody here has that name");
            else if (await mailboxes.GrantAsync(account.Id, mailbox.Id, [new GrantChange(grantee, grant.Negative, FlagOperation.Add, rights)], cancellationToken) != GrantOutcome.Done) _notTaken.Add($"rights of {grant.Grantee} in {mailbox.Name}");
        }
    }

    private async ValueTask<Grantee?> GranteeAsync(string name, CancellationToken cancellationToken)
    {
        if (name == Grantee.Everyone || name.StartsWith(Grantee.Everyone + "@", StringComparison.Ordinal)) return Grantee.TryParse(name, out var group) ? group : null;
        return EmailAddress.TryParse(name, out var address) && await directory.FindAccountAsync(address, cancellationToken) is { } found && found.Id != account.Id ? Grantee.Of(found.Id) : null;
    }

    /// <summary>A mailbox that came in and is not subscribed to where it came from is not here either; others stay as they are.</summary>
    private async ValueTask SubscribeAsync(ArchiveHeader header, CancellationToken cancellationToken)
    {
        var there = (await mailboxes.ListSubscriptionsAsync(account.Id, cancellationToken)).ToHashSet();
        foreach (var text in header.Subscriptions)
        {
            if (!MailboxName.TryParse(text, out var name)) throw new ArchiveDamagedException("The archive names a subscription as no mailbox can be named.");
            if (there.Add(name)) await mailboxes.SubscribeAsync(account.Id, name, subscribed: true, cancellationToken);
        }
    }

    private static ImportRefusedException Gone(MailboxName name) => new("gone", $"The mailbox {name} was deleted while it was filled.");

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);
}
