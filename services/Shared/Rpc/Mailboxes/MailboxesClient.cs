using System.Buffers;
using System.Runtime.CompilerServices;
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
    /// The begin goes first: if even that cannot be sent, it goes again. Once messages are on their way the call is made only once,
    /// as they cannot be read twice and the answer alone may have been lost.
    /// </summary>
    public async ValueTask<AppendOutcome> AppendAsync(AccountId account, MailboxId mailbox, IAsyncEnumerable<MessageToAppend> messages, ReplacedMessage? replaced, CancellationToken cancellationToken)
    {
        var begin = new Wire.AppendBegin { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire() };
        if (replaced is { } other) begin.Replaced = new Wire.ReplacedMessage { MailboxId = other.Mailbox.Value.ToWire(), Uid = other.Uid.Value };
        using var upload = await Upload<Wire.AppendMessagesRequest, Wire.AppendMessagesResponse>.BeginAsync(caller, client.AppendMessages, new Wire.AppendMessagesRequest { Begin = begin }, cancellationToken);
        return (await upload.SendAsync(PartsAsync(messages, cancellationToken))).ToContract();
    }

    private static async IAsyncEnumerable<Wire.AppendMessagesRequest> PartsAsync(IAsyncEnumerable<MessageToAppend> messages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunks.Size);
        try
        {
            await foreach (var message in messages.WithCancellation(cancellationToken))
            {
                var begin = new Wire.MessageBegin { Flags = message.Flags.ToWire(), InternalDate = message.InternalDate?.ToWire() };
                if (message.Size is { } size) begin.Size = size;
                if (message.Earlier is { } earlier)
                    begin.Earlier = new Wire.EarlierMessage { Uid = earlier.Uid?.Value ?? 0, EmailId = earlier.EmailId, ThreadId = earlier.ThreadId ?? "", SaveDate = earlier.SaveDate?.ToWire() };
                yield return new Wire.AppendMessagesRequest { Message = begin };
                for (var missing = message.Size ?? long.MaxValue; missing > 0;)
                {
                    // Whole chunks: each is a message of its own, and the source may come in small pieces.
                    var wanted = (int)Math.Min(missing, Chunks.Size);
                    var read = await message.Content.ReadAtLeastAsync(buffer.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancellationToken);
                    missing -= read;
                    if (read < wanted && message.Size is not null) throw new EndOfStreamException($"The message ended {missing} octets early.");
                    if (read > 0) yield return new Wire.AppendMessagesRequest { Octets = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) };
                    if (read < wanted) break;
                }
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
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
