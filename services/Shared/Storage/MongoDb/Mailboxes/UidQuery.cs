using Merpati.Mailboxes;
using MongoDB.Bson;

namespace Merpati.Storage.MongoDb;

/// <summary>
/// A part of a set of UIDs as a condition on <c>_id</c>: a long range, or a list of single UIDs. Parts are in order, so the answers are too.
/// </summary>
/// <param name="Listed">Null for a range.</param>
internal sealed record UidQuery(UidRange Range, IReadOnlyList<Uid>? Listed)
{
    /// <summary>UIDs in a list at the most.</summary>
    public const int MaxListed = 1000;

    // A few messages that were not asked for are read sooner than another query is sent.
    private const int Gap = 8;
    private const int ShortRange = 32;

    public BsonDocument Condition(MailboxId mailbox)
        => Listed is null ? MailboxKeys.Messages(mailbox, Range) : new BsonDocument("$in", new BsonArray(Listed.Select(uid => MailboxKeys.Message(mailbox, uid))));

    /// <summary>What the parts find may be more than was asked for: whoever reads looks whether the set contains it.</summary>
    public static IEnumerable<UidQuery> Of(UidSet uids)
    {
        var listed = new List<Uid>();
        foreach (var span in Spans(uids))
        {
            if (span.Last.Value - span.First.Value >= ShortRange)
            {
                if (listed.Count > 0) yield return List(listed);
                listed = [];
                yield return new UidQuery(span, null);
                continue;
            }
            for (var uid = span.First.Value; ; uid++)
            {
                if (uids.Contains(new Uid(uid))) listed.Add(new Uid(uid));
                if (listed.Count == MaxListed)
                {
                    yield return List(listed);
                    listed = [];
                }
                if (uid == span.Last.Value) break;
            }
        }
        if (listed.Count > 0) yield return List(listed);
    }

    /// <summary>The rest, when this one was the last of a page.</summary>
    public UidQuery After(Uid uid) => new(Range with { First = new Uid(uid.Value + 1) }, Listed?.Where(listed => listed > uid).ToList());

    private static UidQuery List(List<Uid> listed) => new(new UidRange(listed[0], listed[^1]), listed);

    private static IEnumerable<UidRange> Spans(UidSet uids)
    {
        if (uids.IsEmpty) yield break;
        var span = uids[0];
        foreach (var range in uids.Skip(1))
        {
            if (range.First.Value - span.Last.Value <= Gap)
            {
                span = span with { Last = range.Last };
                continue;
            }
            yield return span;
            span = range;
        }
        yield return span;
    }
}
