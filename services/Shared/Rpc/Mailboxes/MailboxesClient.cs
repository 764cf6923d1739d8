using Google.Protobuf;
using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.SearchConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary><see cref="IMailboxes"/> at Delivery. What may be made twice is decided here, call by call; the reasons are in docs/adr/0009.</summary>
internal sealed partial class MailboxesClient(Wire.MailboxesService.MailboxesServiceClient client, Caller caller) : IMailboxes
{
    /// <summary>
    /// The header of the message goes first: if even that cannot be sent, it goes again. Once octets of the content are on their way the call is made only once,
    /// as they cannot be read twice and the answer alone may have been lost.
    /// </summary>
    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, MessageFlags flags, DateTimeOffset? internalDate, long size, Stream content, CancellationToken cancellationToken)
    {
        var header = new Wire.AppendHeader { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Flags = flags.ToWire(), InternalDate = internalDate?.ToWire(), Size = size };
        using var upload = await Upload<Wire.AppendRequest, Wire.AppendResponse>.BeginAsync(caller, client.Append, new Wire.AppendRequest { Header = header }, cancellationToken);
        var response = await upload.SendAsync(content, size, static octets => new Wire.AppendRequest { Octets = UnsafeByteOperations.UnsafeWrap(octets) });
        return response.ToContract();
    }

    /// <summary>Returns when the first octets are here, so that a content that is damaged from the start is told before anything of it is passed on.</summary>
    public async ValueTask<Stream> OpenAsync(AccountId account, MessageInfo message, long offset, long length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var start = Math.Clamp(offset, 0, message.Size);
        var end = start + Math.Clamp(length, 0, message.Size - start);
        var prefix = message.TracePrefix.Length;
        var head = message.TracePrefix[(int)Math.Min(start, prefix)..(int)Math.Min(end, prefix)];
        var from = Math.Max(start - prefix, 0);
        var wanted = Math.Max(end - prefix - from, 0);
        if (wanted == 0) return new ContentStream(head, null, 0, message.Content);
        var answers = await caller.OpenAsync(CallKind.Question, client.Open, new Wire.OpenRequest
        {
            AccountId = account.Value.ToWire(),
            ContentId = message.Content.Value.ToWire(),
            Offset = from,
            Length = wanted,
            ContentSize = message.Size - prefix,
            EmailId = message.EmailId,
            BodyOffset = message.Structure.Root.BodyOffset,
        }, cancellationToken);
        return new ContentStream(head, answers, wanted, message.Content);
    }
}
