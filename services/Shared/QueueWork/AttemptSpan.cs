using System.Diagnostics;
using Merpati.Storage;

namespace Merpati.QueueWork;

/// <summary>The span of an attempt.</summary>
public static class AttemptSpan
{
    /// <summary>
    /// The first attempt is part of the trace that acceptance began, so that one trace goes from SMTP to its end.
    /// Retries may come days later: they are traces of their own with a link to it.
    /// </summary>
    public static Activity? Start(ActivitySource source, string name, QueueEntry entry)
    {
        if (!source.HasListeners()) return null;
        var known = ActivityContext.TryParse(entry.TraceParent, null, isRemote: true, out var acceptance);
        var activity = known && entry.Attempts > 1
            ? source.StartActivity(name, ActivityKind.Consumer, default(ActivityContext), links: [new ActivityLink(acceptance)])
            : source.StartActivity(name, ActivityKind.Consumer, acceptance);
        return activity?
            .SetTag("merpati.queue_id", entry.Id.ToString())
            .SetTag("merpati.attempt", entry.Attempts)
            .SetTag("merpati.recipients", entry.Recipients.Count);
    }
}
