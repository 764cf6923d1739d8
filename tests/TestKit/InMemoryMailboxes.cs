using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.TestKit;

/// <summary>
/// The mailboxes in memory, for tests of the protocol engines: simple, and true to the contract. One lock, no speed.
/// </summary>
public sealed class InMemoryMailboxes(IMailboxChangeFeed feed, TimeProvider time) : ITestMailboxes
{
    private sealed class Box
    {
        public required MailboxId Id { get; init; }

        public required MailboxName Name { get; set; }

        public SpecialUse Use { get; init; }

        public required UidValidity UidValidity { get; set; }

        public uint UidNext { get; set; } = 1;

        public long ModSeq { get; set; } = 1;

        public uint FirstRecent { get; set; } = 1;

        public SortedDictionary<Uid, MessageInfo> Messages { get; } = [];

        public List<(Uid Uid, ModSeq ModSeq)> Expunged { get; } = [];

        public MailboxInfo Info(bool subscribed) => new()
        {
            Id = Id,
            Name = Name,
            SpecialUse = Use,
            Subscribed = subscribed,
            UidValidity = UidValidity,
            UidNext = new Uid(UidNext),
            HighestModSeq = new ModSeq(ModSeq),
            Messages = Messages.Count,
            Unseen = Messages.Values.Count(message => !message.Flags.Has(SystemFlags.Seen)),
            Deleted = Messages.Values.Count(message => message.Flags.Has(SystemFlags.Deleted)),
            FirstRecent = new Uid(FirstRecent),
            Recent = Messages.Keys.Count(uid => uid.Value >= FirstRecent),
            Size = Messages.Values.Sum(message => message.Size),
        };
    }

    private sealed class AccountBoxes
    {
        public List<Box> Boxes { get; } = [];

        public SortedSet<string> Subscriptions { get; } = new(StringComparer.Ordinal);

        public Dictionary<(MailboxId Mailbox, string Entry), ReadOnlyMemory<byte>> Annotations { get; set; } = [];

        public List<MailboxGrant> Grants { get; set; } = [];

        public uint NextUidValidity { get; set; } = 1000;
    }

    private readonly Lock _lock = new();
    private readonly Dictionary<AccountId, AccountBoxes> _accounts = [];
    private readonly ConcurrentDictionary<ContentId, byte[]> _contents = new();
    private readonly ConcurrentDictionary<ContentId, long> _damagedFrom = new();

    /// <summary>What a search waits for before it begins.</summary>
    public Func<CancellationToken, Task>? Searching { get; set; }

    /// <summary>Octets that an account may use; null is no limit.</summary>
    public long? QuotaOctets { get; set; }

    public int MaxMailboxes { get; set; } = 1000;

    /// <summary>Thrown by every call while set: the store is away.</summary>
    public Exception? Outage { get; set; }

    /// <summary>Off, changes happen unheard: the bell is broken.</summary>
    public bool Announcing { get; set; } = true;

    /// <summary>Octets from there on cannot be read any more.</summary>
    public void Damage(ContentId content, long from) => _damagedFrom[content] = from;

    /// <summary>Puts a message in as delivery would.</summary>
    public async Task<Appended> DeliverAsync(AccountId account, MailboxName mailbox, byte[] content, string tracePrefix = "", MessageFlags? flags = null, DateTimeOffset? internalDate = null)
    {
        var found = await FindAsync(account, mailbox, CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {mailbox}.");
        var message = await PrepareAsync(content, System.Text.Encoding.ASCII.GetBytes(tracePrefix), flags ?? MessageFlags.None, internalDate);
        Appended appended;
        lock (_lock) appended = Insert(Get(account, found.Id)!, message);
        Announce(new MailboxChanged(account, found.Id, appended.ModSeq));
        return appended;
    }

    public ValueTask EnsureAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Of(account).Boxes.Count > 0) return default;
            foreach (var (name, use) in new[] { ("INBOX", SpecialUse.None), ("Archive", SpecialUse.Archive), ("Drafts", SpecialUse.Drafts), ("Junk", SpecialUse.Junk), ("Sent", SpecialUse.Sent), ("Trash", SpecialUse.Trash) })
            {
                Add(account, MailboxName.Parse(name), use);
                Of(account).Subscriptions.Add(name);
            }
        }
        return default;
    }

    public ValueTask<IReadOnlyList<MailboxInfo>> ListAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_lock) return new([.. Of(account).Boxes.OrderBy(box => box.Name.Value, StringComparer.Ordinal).Select(box => InfoOf(account, box))]);
    }

    public ValueTask<MailboxInfo?> FindAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        lock (_lock) return new(Of(account).Boxes.Find(box => box.Name == name) is { } box ? InfoOf(account, box) : null);
    }

    public ValueTask<MailboxInfo?> GetAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        lock (_lock) return new(Get(account, mailbox) is { } box ? InfoOf(account, box) : null);
    }

    public ValueTask<MailboxOutcome> CreateAsync(AccountId account, MailboxName name, SpecialUse use, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Of(account).Boxes.Exists(box => box.Name == name)) return new(MailboxOutcome.AlreadyExists);
            if (use != SpecialUse.None && Of(account).Boxes.Exists(box => box.Use == use)) return new(MailboxOutcome.Cannot);
            if (Of(account).Boxes.Count >= MaxMailboxes) return new(MailboxOutcome.Limit);
            AddParents(account, name);
            Add(account, name, use);
            return new(TreeChanged(account));
        }
    }

    public ValueTask<MailboxOutcome> DeleteAsync(AccountId account, MailboxName name, CancellationToken cancellationToken)
    {
        Box? box;
        lock (_lock)
        {
            var boxes = Of(account).Boxes;
            box = boxes.Find(candidate => candidate.Name == name);
            if (box is null) return new(boxes.Exists(candidate => candidate.Name.IsBelow(name)) ? MailboxOutcome.HasChildren : MailboxOutcome.NonExistent);
            if (name.IsInbox) return new(MailboxOutcome.Cannot);
            boxes.Remove(box);
            Of(account).Grants.RemoveAll(grant => grant.Mailbox == box.Id);
            foreach (var key in Of(account).Annotations.Keys.Where(key => key.Mailbox == box.Id).ToList()) Of(account).Annotations.Remove(key);
        }
        Announce(new MailboxChanged(account, box.Id, new ModSeq(long.MaxValue)));
        return new(TreeChanged(account));
    }

    public ValueTask<MailboxOutcome> RenameAsync(AccountId account, MailboxName from, MailboxName to, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var boxes = Of(account).Boxes;
            var box = boxes.Find(candidate => candidate.Name == from);
            var below = from.IsInbox ? [] : boxes.FindAll(candidate => candidate.Name.IsBelow(from));
            if (box is null && below.Count == 0) return new(MailboxOutcome.NonExistent);
            if (boxes.Exists(candidate => candidate.Name == to)) return new(MailboxOutcome.AlreadyExists);
            if (!from.IsInbox && to.IsBelow(from)) return new(MailboxOutcome.Cannot);
            if (below.Exists(candidate => boxes.Exists(other => other.Name == candidate.Name.Rebase(from, to)))) return new(MailboxOutcome.AlreadyExists);
            AddParents(account, to);
            if (from.IsInbox)
            {
                Transfer(box!, Add(account, to, SpecialUse.None), UidSet.All, move: true);
                return new(TreeChanged(account));
            }
            foreach (var child in below) child.Name = child.Name.Rebase(from, to);
            if (box is not null) box.Name = to;
            return new(TreeChanged(account));
        }
    }

    public ValueTask<MailboxInfo?> ContinueAsync(AccountId account, MailboxId mailbox, MailboxPast past, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new((MailboxInfo?)null);
            if (past.IsTakenBy(InfoOf(account, box), time.GetUtcNow()))
            {
                box.UidValidity = past.UidValidity;
                Of(account).NextUidValidity = Math.Max(Of(account).NextUidValidity, past.UidValidity.Value + 1);
                box.ModSeq = Math.Max(box.ModSeq, past.HighestModSeq.Value);
            }
            if (past.UidValidity == box.UidValidity) box.UidNext = Math.Max(box.UidNext, past.UidNext.Value);
            return new(InfoOf(account, box));
        }
    }

    public ValueTask SubscribeAsync(AccountId account, MailboxName name, bool subscribed, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (subscribed) Of(account).Subscriptions.Add(name.Value);
            else Of(account).Subscriptions.Remove(name.Value);
        }
        TreeChanged(account);
        return default;
    }

    public ValueTask<IReadOnlyList<MailboxName>> ListSubscriptionsAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_lock) return new([.. Of(account).Subscriptions.Select(MailboxName.Parse)]);
    }

    public ValueTask<(MailboxInfo Mailbox, Uid[] Uids)?> SnapshotAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new(((MailboxInfo, Uid[])?)null);
            return new((InfoOf(account, box), box.Messages.Keys.ToArray()));
        }
    }

    public ValueTask<MailboxChanges?> ChangesAsync(AccountId account, MailboxId mailbox, ModSeq since, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new((MailboxChanges?)null);
            return new(new MailboxChanges(
                InfoOf(account, box),
                [.. box.Messages.Values.Where(message => message.ModSeq > since).Select(StateOf)],
                UidSet.Of(box.Expunged.Where(expunged => expunged.ModSeq > since).Select(expunged => expunged.Uid))));
        }
    }

    public ValueTask<Uid> ClaimRecentAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new(new Uid(1));
            var first = box.FirstRecent;
            box.FirstRecent = box.UidNext;
            return new(new Uid(first));
        }
    }

    public async IAsyncEnumerable<MessageState> StatesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in MessagesAsync(account, mailbox, uids, cancellationToken)) yield return StateOf(message);
    }

    public async IAsyncEnumerable<MessageInfo> MessagesAsync(AccountId account, MailboxId mailbox, UidSet uids, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        List<MessageInfo> messages;
        lock (_lock) messages = Get(account, mailbox)?.Messages.Values.Where(message => uids.Contains(message.Uid)).ToList() ?? [];
        foreach (var message in messages) yield return message;
    }

    public ValueTask<StoreOutcome> StoreFlagsAsync(AccountId account, MailboxId mailbox, UidSet uids, FlagOperation operation, MessageFlags flags, ModSeq? unchangedSince, CancellationToken cancellationToken)
    {
        var changed = new List<MessageState>();
        var modified = new List<Uid>();
        long modSeq;
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new(new StoreOutcome([], []));
            modSeq = box.ModSeq + 1;
            foreach (var message in box.Messages.Values.Where(message => uids.Contains(message.Uid)).ToList())
            {
                if (unchangedSince is { } limit && message.ModSeq > limit)
                {
                    modified.Add(message.Uid);
                    continue;
                }
                var applied = message.Flags.Apply(operation, flags);
                var stored = applied == message.Flags ? message : message with { Flags = applied, ModSeq = new ModSeq(modSeq) };
                box.Messages[message.Uid] = stored;
                changed.Add(StateOf(stored));
                if (stored != message) box.ModSeq = modSeq;
            }
        }
        if (changed.Count > 0) Announce(new MailboxChanged(account, mailbox, new ModSeq(modSeq)));
        return new(new StoreOutcome(changed, modified));
    }

    public ValueTask<CopyOutcome> CopyAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
        => TransferAsync(account, source, uids, new MailboxPlace(account, destination), MailboxRights.All, move: false, cancellationToken);

    public ValueTask<CopyOutcome> MoveAsync(AccountId account, MailboxId source, UidSet uids, MailboxId destination, CancellationToken cancellationToken)
        => TransferAsync(account, source, uids, new MailboxPlace(account, destination), MailboxRights.All, move: true, cancellationToken);

    public ValueTask<IReadOnlyList<Uid>> ExpungeAsync(AccountId account, MailboxId mailbox, UidSet uids, bool onlyDeleted, CancellationToken cancellationToken)
    {
        List<Uid> gone;
        long modSeq;
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new([]);
            gone = box.Messages.Values.Where(message => uids.Contains(message.Uid) && (!onlyDeleted || message.Flags.Has(SystemFlags.Deleted))).Select(message => message.Uid).ToList();
            Remove(box, gone);
            modSeq = box.ModSeq;
        }
        if (gone.Count > 0) Announce(new MailboxChanged(account, mailbox, new ModSeq(modSeq)));
        return new(gone);
    }

    public ValueTask<long> DeletedSizeAsync(AccountId account, MailboxId mailbox, CancellationToken cancellationToken)
    {
        lock (_lock) return new(Get(account, mailbox)?.Messages.Values.Where(message => message.Flags.Has(SystemFlags.Deleted)).Sum(message => message.Size) ?? 0);
    }

    public async IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        List<Annotation> annotations;
        lock (_lock)
        {
            annotations = [.. Of(account).Annotations.Where(annotation => mailbox is null || annotation.Key.Mailbox == mailbox)
                .Select(annotation => new Annotation(annotation.Key.Mailbox, annotation.Key.Entry, annotation.Value))
                .OrderBy(annotation => annotation.Mailbox.ToString(), StringComparer.Ordinal).ThenBy(annotation => annotation.Entry, StringComparer.Ordinal)];
        }
        foreach (var annotation in annotations) yield return annotation;
    }

    public ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (mailbox != Annotations.OfServer && Get(account, mailbox) is null) return new(AnnotationOutcome.NoSuchMailbox);
            var annotations = new Dictionary<(MailboxId Mailbox, string Entry), ReadOnlyMemory<byte>>(Of(account).Annotations);
            foreach (var change in changes)
            {
                if (change.Value is { } value) annotations[(mailbox, change.Entry)] = value;
                else annotations.Remove((mailbox, change.Entry));
            }
            if (annotations.Keys.Count(key => key.Mailbox == mailbox) > Annotations.MaxEntries) return new(AnnotationOutcome.TooMany);
            if (annotations.Sum(annotation => (long)annotation.Key.Entry.Length + annotation.Value.Length) > Annotations.MaxOctets) return new(AnnotationOutcome.OverQuota);
            Of(account).Annotations = annotations;
        }
        TreeChanged(account);
        return new(AnnotationOutcome.Done);
    }

    public ValueTask<IReadOnlyList<MailboxGrant>> GrantsAsync(AccountId owner, MailboxId? mailbox, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new([.. Of(owner).Grants.Where(grant => mailbox is null || grant.Mailbox == mailbox)
                .OrderBy(grant => grant.Mailbox.ToString(), StringComparer.Ordinal).ThenBy(grant => grant.Grantee.Key, StringComparer.Ordinal).ThenBy(grant => grant.Negative)]);
        }
    }

    public ValueTask<GrantOutcome> GrantAsync(AccountId owner, MailboxId mailbox, IReadOnlyList<GrantChange> changes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(owner, mailbox) is null) return new(GrantOutcome.NoSuchMailbox);
            var before = Of(owner).Grants.FindAll(grant => grant.Mailbox == mailbox);
            var after = Grants.Apply(before, changes).Where(entry => entry.Value != MailboxRights.None).Select(entry => new MailboxGrant(mailbox, entry.Key.Grantee, entry.Key.Negative, entry.Value)).ToList();
            if (after.Count > before.Count && after.Count > Grants.MaxPerMailbox) return new(GrantOutcome.TooMany);
            Of(owner).Grants = [.. Of(owner).Grants.Except(before), .. after];
        }
        foreach (var account in changes.Select(change => change.Grantee.Account).OfType<AccountId>().Append(owner)) TreeChanged(account);
        return new(GrantOutcome.Done);
    }

    public ValueTask<IReadOnlyList<AccountId>> SharersAsync(IReadOnlyList<Grantee> grantees, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ThrowIfAway();
            return new([.. _accounts.Where(account => account.Value.Grants.Exists(grant => grantees.Contains(grant.Grantee))).Select(account => account.Key)]);
        }
    }

    public ValueTask<CopyOutcome> TransferAsync(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move, CancellationToken cancellationToken)
        => new(CopyOrMove(account, source, uids, destination, rights, move));

    public ValueTask<QuotaUsage> QuotaAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var messages = Of(account).Boxes.SelectMany(box => box.Messages.Values).ToList();
            return new(new QuotaUsage(messages.Sum(message => message.Size), messages.Count, QuotaOctets, null));
        }
    }

    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Get(account, mailbox) is null) return new AppendOutcome.NoSuchMailbox();
        }
        var prepared = new List<MessageInfo>();
        await foreach (var message in messages.WithCancellation(cancellationToken))
        {
            var used = (await QuotaAsync(account, cancellationToken)).Octets + prepared.Sum(other => other.Size);
            if (used + message.Size > QuotaOctets) return new AppendOutcome.OverQuota();
            var octets = new MemoryStream();
            if (message.Size is { } size)
            {
                octets.SetLength(size);
                await message.Content.ReadExactlyAsync(octets.GetBuffer().AsMemory(0, (int)size), cancellationToken);
            }
            else
            {
                await message.Content.CopyToAsync(octets, cancellationToken);
            }
            var lines = octets.ToArray().Contains((byte)0) ? await ToLinesAsync(octets) : octets;
            if (lines is null) return new AppendOutcome.NotConvertible();
            var whole = await PrepareAsync(lines.ToArray(), [], message.Flags, message.InternalDate);
            prepared.Add(message.Earlier is { } earlier ? whole with { Uid = earlier.Uid ?? default, EmailId = earlier.EmailId, ThreadId = earlier.ThreadId ?? whole.ThreadId, SaveDate = earlier.SaveDate ?? default } : whole);
            if (used + octets.Length > QuotaOctets) return new AppendOutcome.OverQuota();
        }
        List<Appended> appended;
        lock (_lock)
        {
            if (Get(account, mailbox) is not { } box) return new AppendOutcome.NoSuchMailbox();
            if (replaced is { } other)
            {
                if (Get(account, other.Mailbox) is not { } source || !source.Messages.ContainsKey(other.Uid)) return new AppendOutcome.NoSuchMessage();
                Remove(source, [other.Uid]);
            }
            appended = prepared.ConvertAll(message => Insert(box, message));
        }
        Announce(new MailboxChanged(account, mailbox, appended[^1].ModSeq));
        if (replaced is { } gone) Announce(new MailboxChanged(account, gone.Mailbox, default));
        return new AppendOutcome.Done(appended);
    }

    private static async Task<MemoryStream?> ToLinesAsync(MemoryStream octets)
    {
        if (await MessageConversion.PlanAsync(_ => new ValueTask<Stream>(new MemoryStream(octets.ToArray())), TransferDomain.EightBit, CancellationToken.None) is not Conversion.Possible plan) return null;
        var lines = new MemoryStream();
        await plan.Read(new MemoryStream(octets.ToArray())).CopyToAsync(lines);
        return lines;
    }

    public ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        byte[] all = [.. message.TracePrefix.Span, .. _contents[message.Content]];
        if (!_damagedFrom.TryGetValue(message.Content, out var damaged)) return new(new MemoryStream(all, (int)offset, (int)length, writable: false));
        if (offset + length > damaged && damaged <= offset) throw new ContentDamagedException(message.Content, "a test damaged it");
        return new(new MemoryStream(all, (int)offset, (int)(Math.Min(damaged, offset + length) - offset), writable: false));
    }

    public async ValueTask<IReadOnlyList<Uid>> SearchAsync(AccountId account, MailboxId mailbox, SearchCriteria criteria, CancellationToken cancellationToken)
    {
        if (Searching is { } searching) await searching(cancellationToken);
        return await Search(account, mailbox).SearchAsync(criteria, cancellationToken);
    }

    public ValueTask<IReadOnlyList<Uid>> SortAsync(AccountId account, MailboxId mailbox, IReadOnlyList<SortKey> keys, SearchCriteria criteria, CancellationToken cancellationToken)
        => Search(account, mailbox).SortAsync(keys, criteria, cancellationToken);

    public ValueTask<IReadOnlyList<ThreadPlace>> ThreadAsync(AccountId account, MailboxId mailbox, ThreadAlgorithm algorithm, SearchCriteria criteria, CancellationToken cancellationToken)
        => Search(account, mailbox).ThreadAsync(algorithm, criteria, cancellationToken);

    private InMemorySearch Search(AccountId account, MailboxId mailbox)
        => new(cancellationToken => MessagesAsync(account, mailbox, UidSet.All, cancellationToken), message => _contents[message.Content]);

    private async Task<MessageInfo> PrepareAsync(byte[] content, byte[] prefix, MessageFlags flags, DateTimeOffset? internalDate)
    {
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(content), CancellationToken.None);
        var id = ContentId.New(time);
        _contents[id] = content;
        return new MessageInfo
        {
            Uid = default,
            ModSeq = default,
            Flags = flags,
            InternalDate = internalDate ?? time.GetUtcNow(),
            SaveDate = default,
            Content = id,
            TracePrefix = prefix,
            Size = prefix.Length + content.Length,
            EmailId = "M" + id,
            ThreadId = "T" + id,
            Structure = structure,
        };
    }

    private CopyOutcome CopyOrMove(AccountId account, MailboxId source, UidSet uids, MailboxPlace destination, MailboxRights rights, bool move)
    {
        CopyOutcome.Done done;
        lock (_lock)
        {
            if (Get(account, source) is not { } from || Get(destination.Owner, destination.Mailbox) is not { } to) return new CopyOutcome.NoSuchMailbox();
            done = Transfer(from, to, uids, move, rights);
        }
        Announce(new MailboxChanged(account, source, default));
        Announce(new MailboxChanged(destination.Owner, destination.Mailbox, default));
        return done;
    }

    private CopyOutcome.Done Transfer(Box from, Box to, UidSet uids, bool move, MailboxRights rights = MailboxRights.All)
    {
        var messages = from.Messages.Values.Where(message => uids.Contains(message.Uid)).ToList();
        var copied = messages.ConvertAll(message => new CopiedMessage(message.Uid, Insert(to, message with { Uid = default, SaveDate = default, Flags = message.Flags.Within(rights) }).Uid));
        if (move) Remove(from, messages.ConvertAll(message => message.Uid));
        return new CopyOutcome.Done(to.UidValidity, copied);
    }

    /// <summary>Under the UID and the SAVEDATE that the message brings, or the next and now.</summary>
    private Appended Insert(Box box, MessageInfo message)
    {
        var uid = Math.Max(box.UidNext, message.Uid.Value);
        box.UidNext = uid + 1;
        var stored = message with { Uid = new Uid(uid), ModSeq = new ModSeq(++box.ModSeq), SaveDate = message.SaveDate == default ? time.GetUtcNow() : message.SaveDate };
        box.Messages.Add(stored.Uid, stored);
        return new Appended(box.Id, box.UidValidity, stored.Uid, stored.ModSeq);
    }

    private static void Remove(Box box, List<Uid> uids)
    {
        if (uids.Count == 0) return;
        box.ModSeq++;
        foreach (var uid in uids)
        {
            box.Messages.Remove(uid);
            box.Expunged.Add((uid, new ModSeq(box.ModSeq)));
        }
    }

    private void AddParents(AccountId account, MailboxName name)
    {
        for (var parent = name.Parent; parent is { } ancestor; parent = ancestor.Parent)
        {
            if (!Of(account).Boxes.Exists(box => box.Name == ancestor)) Add(account, ancestor, SpecialUse.None);
        }
    }

    private Box Add(AccountId account, MailboxName name, SpecialUse use)
    {
        var box = new Box { Id = MailboxId.New(time), Name = name, Use = use, UidValidity = new UidValidity(Of(account).NextUidValidity++) };
        Of(account).Boxes.Add(box);
        return box;
    }

    private MailboxInfo InfoOf(AccountId account, Box box) => box.Info(Of(account).Subscriptions.Contains(box.Name.Value));

    private Box? Get(AccountId account, MailboxId mailbox) => Of(account).Boxes.Find(box => box.Id == mailbox);

    private AccountBoxes Of(AccountId account)
    {
        ThrowIfAway();
        if (!_accounts.TryGetValue(account, out var boxes)) _accounts.Add(account, boxes = new AccountBoxes());
        return boxes;
    }

    private void Announce(MailboxChanged change)
    {
        if (Announcing) feed.Announce(change);
    }

    private MailboxOutcome TreeChanged(AccountId account)
    {
        Announce(new MailboxChanged(account, null, default));
        return MailboxOutcome.Done;
    }

    private void ThrowIfAway()
    {
        if (Outage is not null) throw Outage;
    }

    private static MessageState StateOf(MessageInfo message) => new(message.Uid, message.ModSeq, message.Flags);
}
