using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>What THREAD needs of a message.</summary>
/// <param name="Parents">Message-IDs, oldest first, the parent last.</param>
internal sealed record ThreadedMessage(Uid Uid, DateTimeOffset Sent, BaseSubject Subject, string? MessageId, IReadOnlyList<string> Parents)
{
    public static ThreadedMessage Of(MessageInfo message) => new(
        message.Uid,
        SortedMessages.SentDate(message),
        BaseSubject.Of(message.Structure.Envelope.Subject),
        EnvelopeReader.FirstId(message.Structure.Envelope.MessageId) is { } id ? Normalize(id) : null,
        [.. ParentsOf(message.Structure).Select(Normalize)]);

    /// <summary>The ids of References, and only where it has none the first of In-Reply-To (RFC 5256 §3 REFERENCES, step 1).</summary>
    private static IEnumerable<string> ParentsOf(MessageStructure structure)
    {
        var references = structure.References.Count - structure.RepliesOnly;
        return structure.References.Take(references > 0 ? references : 1);
    }

    /// <summary>A quoted local part is the same as one without quotes.</summary>
    private static string Normalize(string id) => id.Contains('"', StringComparison.Ordinal) ? id.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal) : id;
}

/// <summary>Gathers messages, UID ascending, and makes conversations of them.</summary>
public sealed class MessageThreads(ThreadAlgorithm algorithm)
{
    private readonly List<ThreadedMessage> _messages = [];

    public void Add(MessageInfo message) => _messages.Add(ThreadedMessage.Of(message));

    public IReadOnlyList<ThreadPlace> ToPlaces() => algorithm switch
    {
        ThreadAlgorithm.OrderedSubject => OrderedSubjectThreads.Of(_messages),
        ThreadAlgorithm.References => ReferenceThreads.Of(_messages),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
