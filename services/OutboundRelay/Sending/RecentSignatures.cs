using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Sending;

/// <summary>
/// A message for many domains is an entry for each, and the same octets: they are signed once for all that come within a minute, also at the same time. Keys that change meanwhile count
/// a minute later. Thread-safe.
/// </summary>
internal sealed class RecentSignatures(TimeProvider time)
{
    private const int Kept = 256;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Lock _turn = new();
    private readonly Dictionary<(ContentId, BodyType), Signed> _recent = [];
    private readonly Queue<((ContentId, BodyType) Key, Signed Made)> _byAge = new();

    /// <summary>What stands before the content of the entry.</summary>
    /// <param name="body">The form in which the content is sent.</param>
    /// <param name="make">Makes it, where nobody did; ends when the caller's attempt does.</param>
    public async ValueTask<ReadOnlyMemory<byte>> PrefixAsync(QueueEntry entry, BodyType body, Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>>> make, CancellationToken cancellationToken)
    {
        var key = (entry.Content, body);
        var own = new Signed(entry, time.GetUtcNow() + Lifetime);
        if (Join(key, own) is { } other)
        {
            try { return await other.Prefix.Task.WaitAsync(cancellationToken); }
            // What went wrong for another attempt, its end included, is no matter of this one.
            catch (Exception) when (!cancellationToken.IsCancellationRequested) { return await make(cancellationToken); }
        }
        try
        {
            var prefix = await make(cancellationToken);
            own.Prefix.SetResult(prefix);
            return prefix;
        }
        catch
        {
            lock (_turn)
            {
                Forget(key, own);
            }
            own.Prefix.SetCanceled(CancellationToken.None);
            throw;
        }
    }

    /// <summary>The one that makes the same already; null when that is to be <paramref name="own"/>.</summary>
    private Signed? Join((ContentId, BodyType) key, Signed own)
    {
        lock (_turn)
        {
            if (_recent.TryGetValue(key, out var other) && other.IsFor(own.Entry) && other.Expires > time.GetUtcNow()) return other;
            _recent[key] = own;
            _byAge.Enqueue((key, own));
            while (_byAge.Count > Kept)
            {
                var (oldest, made) = _byAge.Dequeue();
                Forget(oldest, made);
            }
            return null;
        }
    }

    /// <summary>Not one that was made anew since.</summary>
    private void Forget((ContentId, BodyType) key, Signed made)
    {
        if (_recent.GetValueOrDefault(key) == made) _recent.Remove(key);
    }

    private sealed class Signed(QueueEntry entry, DateTimeOffset expires)
    {
        public QueueEntry Entry => entry;

        public DateTimeOffset Expires => expires;

        public TaskCompletionSource<ReadOnlyMemory<byte>> Prefix { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Who sends it, and what acceptance wrote above it, decide what is signed, and by whom.</summary>
        public bool IsFor(QueueEntry other) => entry.Submitter == other.Submitter && entry.ReversePath == other.ReversePath && entry.TraceHeaders.Span.SequenceEqual(other.TraceHeaders.Span);
    }
}
