using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Merpati.Queueing;

/// <summary>
/// The id of one accepted message: 16 bytes, time-ordered (UUIDv7), shown as 32 hex digits.
/// It is at once the trace id of the message in OpenTelemetry, so that log, timeline and trace share one word.
/// </summary>
public readonly record struct QueueId(Guid Value)
{
    public static QueueId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    /// <summary>
    /// The id of a message that comes from another one: the same for the same name, so that whoever makes it again makes no second message.
    /// A UUIDv7 with the time of the message that it comes from, so that it stands beside it in order.
    /// </summary>
    /// <param name="name">What makes it another; with the id of the message that it comes from.</param>
    public static QueueId Derive(string name, DateTimeOffset acceptedAt)
    {
        Span<byte> id = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), id);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, acceptedAt.ToUnixTimeMilliseconds());
        time[2..].CopyTo(id);
        id[6] = (byte)(0x70 | id[6] & 0x0f);
        id[8] = (byte)(0x80 | id[8] & 0x3f);
        return new QueueId(new Guid(id[..16], bigEndian: true));
    }

    public static QueueId FromTraceId(ActivityTraceId traceId) => new(Guid.ParseExact(traceId.ToHexString(), "N"));

    public static bool TryParse(string? text, out QueueId id)
    {
        var ok = Guid.TryParseExact(text, "N", out var value);
        id = new QueueId(value);
        return ok;
    }

    public ActivityTraceId ToTraceId() => ActivityTraceId.CreateFromString(ToString());

    public override string ToString() => Value.ToString("N");
}
