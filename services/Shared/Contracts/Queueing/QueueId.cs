using System.Diagnostics;

namespace Merpati.Queueing;

/// <summary>
/// The id of one accepted message: 16 bytes, time-ordered (UUIDv7), shown as 32 hex digits.
/// It is at once the trace id of the message in OpenTelemetry, so that log, timeline and trace share one word.
/// </summary>
public readonly record struct QueueId(Guid Value)
{
    public static QueueId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

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
