namespace Merpati.Bus;

/// <summary>The queue has something new on a route. It says no more: the queue is the truth (design §2).</summary>
/// <param name="Route">The name of a <see cref="Storage.QueueRoute"/>, in lower case.</param>
/// <param name="TraceParent">W3C trace context of one of the messages that rang.</param>
public sealed record MessageQueued(string Route, string? TraceParent);

/// <summary>The directory changed: whoever remembers answers of it forgets them.</summary>
/// <param name="TraceParent">W3C trace context of the change.</param>
public sealed record DirectoryChanged(string? TraceParent);
