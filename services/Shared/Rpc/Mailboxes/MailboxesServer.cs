using System.Buffers;
using Google.Protobuf;
using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.MailboxConversions;
using static Merpati.Mailboxes.V1.SearchConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>Serves <see cref="IMailboxes"/>: turns requests into calls of the port and its answers into responses, nothing else.</summary>
internal sealed partial class MailboxesServer(IMailboxes mailboxes, TimeProvider time) : Wire.MailboxesService.MailboxesServiceBase
{
    /// <summary>Of gateways of the last version.</summary>
    public override async Task<Wire.AppendResponse> Append(IAsyncStreamReader<Wire.AppendRequest> requestStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Header is not { } header) throw new Wire.WireFormatException("An append begins with its header.");
        if (header.Size < 0) throw new Wire.WireFormatException("A size is negative.");
        await using var content = new AppendStream(requestStream, header.Size);
        var outcome = await mailboxes.AppendAsync(Account(header.AccountId), Mailbox(header.MailboxId), header.Flags.ToContract(), header.InternalDate?.ToContract(), header.Size, content, context.CancellationToken);
        return outcome.ToSingle();
    }

    public override async Task<Wire.AppendMessagesResponse> AppendMessages(IAsyncStreamReader<Wire.AppendMessagesRequest> requestStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.Begin is not { } begin) throw new Wire.WireFormatException("Messages to append begin with where they go.");
        ReplacedMessage? replaced = begin.Replaced is { } other ? new ReplacedMessage(Mailbox(other.MailboxId), new Uid(other.Uid)) : null;
        var outcome = await mailboxes.AppendAsync(Account(begin.AccountId), Mailbox(begin.MailboxId), AppendedMessages.ReadAsync(requestStream, context.CancellationToken), replaced, context.CancellationToken);
        return outcome.ToWire();
    }

    /// <summary>Of the message the port needs no more than what the request says; the trace prefix stays with the caller.</summary>
    public override async Task Open(Wire.OpenRequest request, IServerStreamWriter<Wire.OpenResponse> responseStream, ServerCallContext context)
    {
        if (request.Offset < 0 || request.Length < 0 || request.ContentSize < 0 || request.BodyOffset < 0) throw new Wire.WireFormatException("A range is negative.");
        var message = new MessageInfo
        {
            Uid = default,
            ModSeq = default,
            Flags = MessageFlags.None,
            InternalDate = default,
            SaveDate = default,
            Content = new ContentId(request.ContentId.ToGuid()),
            TracePrefix = default,
            Size = request.ContentSize,
            EmailId = request.EmailId,
            ThreadId = "",
            Structure = new MessageStructure { Envelope = new MessageEnvelope(), Root = new BodyPart { Type = "", Subtype = "", Encoding = "", BodyOffset = request.BodyOffset } },
        };
        await using var content = await mailboxes.OpenAsync(Account(request.AccountId), message, request.Offset, request.Length, context.CancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunks.Size);
        try
        {
            while (await content.ReadAsync(buffer.AsMemory(0, Chunks.Size), context.CancellationToken) is var read and > 0)
            {
                // Written out when the call returns: then the buffer is ours again.
                await responseStream.WriteAsync(new Wire.OpenResponse { Octets = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) }, context.CancellationToken);
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private static AccountId Account(ByteString id) => new(id.ToGuid());

    private static MailboxId Mailbox(ByteString id) => new(id.ToGuid());
}
