using System.Diagnostics;
using Google.Protobuf.WellKnownTypes;
using Contract = Merpati.Mailboxes;

namespace Merpati.Mailboxes.V1;

/// <summary>
/// Mailboxes and messages between the contract and the wire, both ways. What a peer sends that can be no value of the contract is an <see cref="WireFormatException"/>;
/// a host answers it with INVALID_ARGUMENT.
/// </summary>
public static class MailboxConversions
{
    public static MailboxInfo ToWire(this Contract.MailboxInfo mailbox) => new()
    {
        MailboxId = mailbox.Id.Value.ToWire(),
        Name = mailbox.Name.Value,
        SpecialUse = (SpecialUse)mailbox.SpecialUse,
        Subscribed = mailbox.Subscribed,
        UidValidity = mailbox.UidValidity.Value,
        UidNext = mailbox.UidNext.Value,
        HighestModSeq = mailbox.HighestModSeq.Value,
        Messages = mailbox.Messages,
        Unseen = mailbox.Unseen,
        Deleted = mailbox.Deleted,
        FirstRecent = mailbox.FirstRecent.Value,
        Recent = mailbox.Recent,
        Size = mailbox.Size,
    };

    public static Contract.MailboxInfo ToContract(this MailboxInfo mailbox) => new()
    {
        Id = new Contract.MailboxId(mailbox.MailboxId.ToGuid()),
        Name = ToMailboxName(mailbox.Name),
        SpecialUse = (Contract.SpecialUse)mailbox.SpecialUse,
        Subscribed = mailbox.Subscribed,
        UidValidity = new Contract.UidValidity(mailbox.UidValidity),
        UidNext = new Contract.Uid(mailbox.UidNext),
        HighestModSeq = new Contract.ModSeq(mailbox.HighestModSeq),
        Messages = mailbox.Messages,
        Unseen = mailbox.Unseen,
        Deleted = mailbox.Deleted,
        FirstRecent = new Contract.Uid(mailbox.FirstRecent),
        Recent = mailbox.Recent,
        Size = mailbox.Size,
    };

    public static Contract.MailboxName ToMailboxName(string text)
        => Contract.MailboxName.TryParse(text, out var name) ? name : throw new WireFormatException("A mailbox name is not possible.");

    public static UidRange ToWire(this Contract.UidRange range) => new() { First = range.First.Value, Last = range.Last.Value };

    public static UidSet ToWire(this Contract.UidSet uids) => new() { Ranges = { uids.Select(ToWire) } };

    public static Contract.UidSet ToContract(this UidSet? uids) => uids is null
        ? Contract.UidSet.Empty
        : Contract.UidSet.Of(uids.Ranges.Select(range => new Contract.UidRange(new Contract.Uid(range.First), new Contract.Uid(range.Last))));

    public static MessageFlags ToWire(this Contract.MessageFlags flags) => new() { System = (uint)flags.System, Keywords = { flags.Keywords } };

    public static Contract.MessageFlags ToContract(this MessageFlags? flags)
        => flags is null || flags.System == 0 && flags.Keywords.Count == 0 ? Contract.MessageFlags.None : new Contract.MessageFlags((Contract.SystemFlags)flags.System, flags.Keywords);

    public static MessageState ToWire(this Contract.MessageState state) => new() { Uid = state.Uid.Value, ModSeq = state.ModSeq.Value, Flags = state.Flags.ToWire() };

    public static Contract.MessageState ToContract(this MessageState state)
        => new(new Contract.Uid(state.Uid), new Contract.ModSeq(state.ModSeq), state.Flags.ToContract());

    public static ZonedTimestamp ToWire(this DateTimeOffset date) => new() { Instant = Timestamp.FromDateTimeOffset(date), OffsetMinutes = (int)date.Offset.TotalMinutes };

    public static DateTimeOffset ToContract(this ZonedTimestamp date)
    {
        try { return date.Instant.ToDateTimeOffset().ToOffset(TimeSpan.FromMinutes(date.OffsetMinutes)); }
        catch (Exception outside) when (outside is ArgumentException or InvalidOperationException or NullReferenceException) { throw new WireFormatException("A date is out of range.", outside); }
    }

    public static MessageInfo ToWire(this Contract.MessageInfo message) => new()
    {
        Uid = message.Uid.Value,
        ModSeq = message.ModSeq.Value,
        Flags = message.Flags.ToWire(),
        InternalDate = message.InternalDate.ToWire(),
        SaveDate = Timestamp.FromDateTimeOffset(message.SaveDate),
        ContentId = message.Content.Value.ToWire(),
        TracePrefix = Google.Protobuf.ByteString.CopyFrom(message.TracePrefix.Span),
        Size = message.Size,
        EmailId = message.EmailId,
        ThreadId = message.ThreadId,
        Structure = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(MessageStructureCodec.Encode(message.Structure)),
    };

    public static Contract.MessageInfo ToContract(this MessageInfo message) => new()
    {
        Uid = new Contract.Uid(message.Uid),
        ModSeq = new Contract.ModSeq(message.ModSeq),
        Flags = message.Flags.ToContract(),
        InternalDate = message.InternalDate.ToContract(),
        SaveDate = message.SaveDate.ToDateTimeOffset(),
        Content = new Contract.ContentId(message.ContentId.ToGuid()),
        TracePrefix = message.TracePrefix.Memory,
        Size = message.Size,
        EmailId = message.EmailId,
        ThreadId = message.ThreadId,
        Structure = MessageStructureCodec.Decode(message.Structure.Span),
    };

    public static MailboxOutcome ToWire(this Contract.MailboxOutcome outcome) => outcome switch
    {
        Contract.MailboxOutcome.Done => MailboxOutcome.Done,
        Contract.MailboxOutcome.AlreadyExists => MailboxOutcome.AlreadyExists,
        Contract.MailboxOutcome.NonExistent => MailboxOutcome.NonExistent,
        Contract.MailboxOutcome.HasChildren => MailboxOutcome.HasChildren,
        Contract.MailboxOutcome.Cannot => MailboxOutcome.Cannot,
        Contract.MailboxOutcome.Limit => MailboxOutcome.Limit,
        _ => throw new UnreachableException(),
    };

    public static Contract.MailboxOutcome ToContract(this MailboxOutcome outcome) => outcome switch
    {
        MailboxOutcome.Done => Contract.MailboxOutcome.Done,
        MailboxOutcome.AlreadyExists => Contract.MailboxOutcome.AlreadyExists,
        MailboxOutcome.NonExistent => Contract.MailboxOutcome.NonExistent,
        MailboxOutcome.HasChildren => Contract.MailboxOutcome.HasChildren,
        MailboxOutcome.Cannot => Contract.MailboxOutcome.Cannot,
        MailboxOutcome.Limit => Contract.MailboxOutcome.Limit,
        _ => throw new WireFormatException("An outcome is not known."),
    };

    public static FlagOperation ToWire(this Contract.FlagOperation operation) => (FlagOperation)(operation + 1);

    public static Contract.FlagOperation ToContract(this FlagOperation operation)
        => operation is >= FlagOperation.Replace and <= FlagOperation.Remove ? (Contract.FlagOperation)(operation - 1) : throw new WireFormatException("A flag operation is not known.");

    /// <summary>For a gateway of the last version. It sends no NUL, and hears of no refusal that it does not know.</summary>
    public static AppendResponse ToSingle(this Contract.AppendOutcome outcome) => outcome switch
    {
        Contract.AppendOutcome.Done done => new AppendResponse { Appended = ToWire(done.Messages[0]) },
        _ => new AppendResponse { Refusal = ToRefusal(outcome) is var refusal and <= Refusal.TooLarge ? refusal : Refusal.TooLarge },
    };

    public static AppendMessagesResponse ToWire(this Contract.AppendOutcome outcome) => outcome switch
    {
        Contract.AppendOutcome.Done done => new AppendMessagesResponse { Appended = new AppendedMessages { Messages = { done.Messages.Select(ToWire) } } },
        _ => new AppendMessagesResponse { Refusal = ToRefusal(outcome) },
    };

    private static Refusal ToRefusal(Contract.AppendOutcome outcome) => outcome switch
    {
        Contract.AppendOutcome.NoSuchMailbox => Refusal.NoSuchMailbox,
        Contract.AppendOutcome.OverQuota => Refusal.OverQuota,
        Contract.AppendOutcome.TooLarge => Refusal.TooLarge,
        Contract.AppendOutcome.NotConvertible => Refusal.NotConvertible,
        Contract.AppendOutcome.NoSuchMessage => Refusal.NoSuchMessage,
        _ => throw new UnreachableException(),
    };

    public static Contract.AppendOutcome ToContract(this AppendMessagesResponse response) => response switch
    {
        { OutcomeCase: AppendMessagesResponse.OutcomeOneofCase.Appended, Appended: var appended } => new Contract.AppendOutcome.Done([.. appended.Messages.Select(ToContract)]),
        { Refusal: Refusal.NoSuchMailbox } => new Contract.AppendOutcome.NoSuchMailbox(),
        { Refusal: Refusal.OverQuota } => new Contract.AppendOutcome.OverQuota(),
        { Refusal: Refusal.TooLarge } => new Contract.AppendOutcome.TooLarge(),
        { Refusal: Refusal.NotConvertible } => new Contract.AppendOutcome.NotConvertible(),
        { Refusal: Refusal.NoSuchMessage } => new Contract.AppendOutcome.NoSuchMessage(),
        _ => throw new WireFormatException("The outcome of an append is not known."),
    };

    public static CopyMessagesResponse ToCopyResponse(this Contract.CopyOutcome outcome) => outcome is Contract.CopyOutcome.Done done
        ? new CopyMessagesResponse { Copied = ToWire(done) }
        : new CopyMessagesResponse { Refusal = ToRefusal(outcome) };

    public static MoveMessagesResponse ToMoveResponse(this Contract.CopyOutcome outcome) => outcome is Contract.CopyOutcome.Done done
        ? new MoveMessagesResponse { Moved = ToWire(done) }
        : new MoveMessagesResponse { Refusal = ToRefusal(outcome) };

    public static TransferMessagesResponse ToTransferResponse(this Contract.CopyOutcome outcome) => outcome is Contract.CopyOutcome.Done done
        ? new TransferMessagesResponse { Transferred = ToWire(done) }
        : new TransferMessagesResponse { Refusal = ToRefusal(outcome) };

    public static Contract.CopyOutcome ToContract(this TransferMessagesResponse response) => ToCopyOutcome(response.Transferred, response.Refusal);

    public static Contract.CopyOutcome ToContract(this CopyMessagesResponse response) => ToCopyOutcome(response.Copied, response.Refusal);

    public static Contract.CopyOutcome ToContract(this MoveMessagesResponse response) => ToCopyOutcome(response.Moved, response.Refusal);

    public static StoreFlagsResponse ToWire(this Contract.StoreOutcome outcome)
        => new() { Changed = { outcome.Changed.Select(ToWire) }, Modified = Contract.UidSet.Of(outcome.Modified).ToWire() };

    public static Contract.StoreOutcome ToContract(this StoreFlagsResponse response)
        => new([.. response.Changed.Select(ToContract)], [.. response.Modified.ToUids()]);

    public static GetQuotaResponse ToWire(this Contract.QuotaUsage quota)
    {
        var response = new GetQuotaResponse { Octets = quota.Octets, Messages = quota.Messages };
        if (quota.OctetLimit is { } octets) response.OctetLimit = octets;
        if (quota.MessageLimit is { } messages) response.MessageLimit = messages;
        return response;
    }

    public static Contract.QuotaUsage ToContract(this GetQuotaResponse quota)
        => new(quota.Octets, quota.Messages, quota.HasOctetLimit ? quota.OctetLimit : null, quota.HasMessageLimit ? quota.MessageLimit : null);

    /// <summary>The members of a set that names messages, ascending. Not for a set that a client wrote: <c>1:*</c> has 2^32 of them.</summary>
    public static IEnumerable<Contract.Uid> ToUids(this UidSet? uids)
    {
        foreach (var range in uids.ToContract())
        {
            for (long uid = range.First.Value; uid <= range.Last.Value; uid++) yield return new Contract.Uid((uint)uid);
        }
    }

    private static Appended ToWire(Contract.Appended appended)
        => new() { MailboxId = appended.Mailbox.Value.ToWire(), UidValidity = appended.UidValidity.Value, Uid = appended.Uid.Value, ModSeq = appended.ModSeq.Value };

    private static Contract.Appended ToContract(Appended appended)
        => new(new Contract.MailboxId(appended.MailboxId.ToGuid()), new Contract.UidValidity(appended.UidValidity), new Contract.Uid(appended.Uid), new Contract.ModSeq(appended.ModSeq));

    private static CopiedMessages ToWire(Contract.CopyOutcome.Done done) => new()
    {
        UidValidity = done.UidValidity.Value,
        Messages = { done.Messages.Select(message => new CopiedMessage { Source = message.Source.Value, Destination = message.Destination.Value }) },
    };

    private static Refusal ToRefusal(Contract.CopyOutcome outcome) => outcome switch
    {
        Contract.CopyOutcome.NoSuchMailbox => Refusal.NoSuchMailbox,
        Contract.CopyOutcome.OverQuota => Refusal.OverQuota,
        _ => throw new UnreachableException(),
    };

    private static Contract.CopyOutcome ToCopyOutcome(CopiedMessages? copied, Refusal refusal) => (copied, refusal) switch
    {
        ({ } messages, _) => new Contract.CopyOutcome.Done(
            new Contract.UidValidity(messages.UidValidity),
            [.. messages.Messages.Select(message => new Contract.CopiedMessage(new Contract.Uid(message.Source), new Contract.Uid(message.Destination)))]),
        (_, Refusal.NoSuchMailbox) => new Contract.CopyOutcome.NoSuchMailbox(),
        (_, Refusal.OverQuota) => new Contract.CopyOutcome.OverQuota(),
        _ => throw new WireFormatException("The outcome of a copy is not known."),
    };
}
