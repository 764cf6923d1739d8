using System.Diagnostics;
using Merpati.Queueing;

namespace Merpati.Mailboxes;

/// <summary>EMAILID (RFC 8474 §5.1): one word for all copies of a message. The forms are stored: never change them.</summary>
public static class EmailIds
{
    /// <summary>A message that came through the queue; from it the timeline is found again.</summary>
    public static string Of(QueueId id) => "Q" + id;

    /// <summary>An appended message.</summary>
    public static string Of(ContentId id) => "A" + id;

    public static bool TryGetQueueId(string emailId, out QueueId id)
    {
        id = default;
        return emailId.StartsWith('Q') && QueueId.TryParse(emailId[1..], out id);
    }

    /// <summary>
    /// Links the span of a reader to the trace in which the message was accepted and delivered. A link names a span, and only the trace is known here:
    /// the span id is made of the trace id's second half and stands for no span.
    /// </summary>
    public static void LinkTo(Activity? reader, string emailId)
    {
        if (reader is null || !TryGetQueueId(emailId, out var id)) return;
        reader.AddLink(new ActivityLink(new ActivityContext(id.ToTraceId(), ActivitySpanId.CreateFromString(id.ToString().AsSpan(16)), ActivityTraceFlags.Recorded, isRemote: true)));
    }
}
