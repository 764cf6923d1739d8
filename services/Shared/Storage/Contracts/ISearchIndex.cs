using Merpati.Mailboxes;

namespace Merpati.Storage;

/// <summary>
/// The searchable texts of the messages in the mailbox store, for SEARCH BODY and TEXT. A message waits in it from the transaction that makes it on, until its text is added; copies share
/// one text, and it goes with the last of them. So nothing is lost in a crash, and an answer for a message that waits is that it has to be read.
/// </summary>
public interface ISearchIndex
{
    /// <summary>Makes all messages wait once more where texts of another <see cref="IndexedText.Version"/> are in the index. Idempotent, and cheap when there is nothing to do.</summary>
    ValueTask PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Forgets all texts; every message waits. Answers stay right.</summary>
    ValueTask RebuildAsync(CancellationToken cancellationToken);

    /// <summary>Messages that wait, the first that came first, <paramref name="limit"/> at the most.</summary>
    ValueTask<IReadOnlyList<UnindexedMessage>> WaitingAsync(int limit, CancellationToken cancellationToken);

    /// <summary>How many messages wait.</summary>
    ValueTask<long> CountWaitingAsync(CancellationToken cancellationToken);

    /// <summary>Adds texts; of messages that are gone in the meantime nothing is kept.</summary>
    ValueTask AddAsync(IReadOnlyList<IndexedText> texts, CancellationToken cancellationToken);

    /// <summary>Looks for the text in those messages of the mailbox that are in the set.</summary>
    ValueTask<TextAnswers> FindAsync(AccountId account, MailboxId mailbox, UidSet uids, TextQuery query, CancellationToken cancellationToken);
}

/// <summary>A message whose text is not in the index.</summary>
/// <param name="Key">Names the text in this store: it belongs to the message and its copies.</param>
public sealed record UnindexedMessage(string Key, ContentId Content, ReadOnlyMemory<byte> TracePrefix, MessageStructure Structure);

/// <summary>The text of a message as a search sees it, folded (i;unicode-casemap), in UTF-8.</summary>
/// <param name="Key">Of the <see cref="UnindexedMessage"/>.</param>
/// <param name="Signature">See <see cref="TextSignature"/>; of the whole text, or without octets where not all of it was read.</param>
/// <param name="Text">The header fields, then the text of the parts; an octet 255 (<see cref="Boundary"/>) after each, which no UTF-8 has.</param>
/// <param name="HeaderLength">Octets of <paramref name="Text"/> that are the header.</param>
/// <param name="IsWhole">False when <paramref name="Text"/> is only the beginning.</param>
public sealed record IndexedText(string Key, ReadOnlyMemory<byte> Signature, ReadOnlyMemory<byte> Text, int HeaderLength, bool IsWhole)
{
    /// <summary>Of this form and of the folding; texts of another are made anew.</summary>
    public const int Version = 1;

    public const byte Boundary = 0xFF;

    /// <summary>Of a message that cannot be read: a search has to try it.</summary>
    public static IndexedText Unreadable(string key) => new(key, default, default, 0, IsWhole: false);
}

/// <summary>What the index knows of a text in the messages of a mailbox. Those in neither list do not contain it.</summary>
/// <param name="Matching">UIDs of messages that contain it, ascending.</param>
/// <param name="Open">UIDs of messages that have to be read, ascending: they wait, or are longer than what is kept of them.</param>
public sealed record TextAnswers(IReadOnlyList<Uid> Matching, IReadOnlyList<Uid> Open);
