using System.Runtime.CompilerServices;
using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Streams;
using static Merpati.Mailboxes.V1.MailboxConversions;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>The messages of an append as they come. A caller that goes away is an exception, never an end.</summary>
internal static class AppendedMessages
{
    public static async IAsyncEnumerable<MessageToAppend> ReadAsync(IAsyncStreamReader<Wire.AppendMessagesRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var more = await requests.MoveNext(cancellationToken);
        while (more)
        {
            if (requests.Current.Message is not { } begin) throw new Wire.WireFormatException("A message to append begins with what is known of it.");
            if (begin is { HasSize: true, Size: < 0 }) throw new Wire.WireFormatException("A size is negative.");
            await using var content = new OctetStream(requests);
            yield return new MessageToAppend(begin.Flags.ToContract(), begin.InternalDate?.ToContract(), begin.HasSize ? begin.Size : null, content, Earlier(begin.Earlier));
            // Who knows the size has not looked beyond the last octet.
            if (await content.ReadAsync(new byte[1], cancellationToken) > 0) throw new Wire.WireFormatException("More octets came than were announced.");
            more = content.HasNext;
        }
    }

    private static EarlierMessage? Earlier(Wire.EarlierMessage? earlier) => earlier is null
        ? null
        : new EarlierMessage(earlier.Uid == 0 ? null : new Uid(earlier.Uid), earlier.EmailId, earlier.ThreadId.Length == 0 ? null : earlier.ThreadId, earlier.SaveDate?.ToContract());

    private sealed class OctetStream(IAsyncStreamReader<Wire.AppendMessagesRequest> requests) : ForwardStream
    {
        private ReadOnlyMemory<byte> _ready;
        private bool _ended;

        /// <summary>After the end: another message begins.</summary>
        public bool HasNext { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty) return 0;
            while (_ready.IsEmpty)
            {
                if (_ended) return 0;
                HasNext = await requests.MoveNext(cancellationToken);
                _ended = !HasNext || requests.Current.PartCase != Wire.AppendMessagesRequest.PartOneofCase.Octets;
                if (!_ended) _ready = requests.Current.Octets.Memory;
            }
            var count = Math.Min(buffer.Length, _ready.Length);
            _ready[..count].CopyTo(buffer);
            _ready = _ready[count..];
            return count;
        }
    }
}
