using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.UserDirectory.Addresses;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory;

/// <summary>
/// What was read from the store, as long as it is still true. Every change made in this process ends the truth of all of it at once (<see cref="Invalidate"/>);
/// a change made by another process shows after <see cref="UserDirectoryOptions.CacheLifetime"/>.
/// </summary>
internal sealed class DirectoryCache
{
    private long _generation;

    public DirectoryCache(IOptions<UserDirectoryOptions> options, TimeProvider time)
    {
        var capacity = options.Value.CachedAddresses;
        var lifetime = options.Value.CacheLifetime;
        Domains = new(this, capacity, lifetime, time);
        Wildcards = new(this, capacity, lifetime, time);
        Matches = new(this, capacity, lifetime, time);
        Accounts = new(this, capacity, lifetime, time);
    }

    public Part<string, LocalDomain?> Domains { get; }

    public Part<string, IReadOnlyList<AddressAlias>> Wildcards { get; }

    public Part<EmailAddress, AddressMatch> Matches { get; }

    public Part<AccountId, Account?> Accounts { get; }

    /// <summary>To be called after a change is durable and before its caller hears of it.</summary>
    public void Invalidate() => Interlocked.Increment(ref _generation);

    internal sealed class Part<TKey, TValue>(DirectoryCache cache, int capacity, TimeSpan lifetime, TimeProvider time)
        where TKey : notnull
    {
        private readonly BoundedCache<TKey, Entry> _entries = new(capacity);

        public ValueTask<TValue> GetAsync(TKey key, Func<TKey, CancellationToken, ValueTask<TValue>> read, CancellationToken cancellationToken)
            => _entries.TryGet(key, out var entry) && entry.Generation == Interlocked.Read(ref cache._generation) && time.GetElapsedTime(entry.ReadAt) < lifetime
                ? ValueTask.FromResult(entry.Value)
                : ReadAsync(key, read, cancellationToken);

        private async ValueTask<TValue> ReadAsync(TKey key, Func<TKey, CancellationToken, ValueTask<TValue>> read, CancellationToken cancellationToken)
        {
            // The generation of before the read: what a change overtakes is never taken for new.
            var generation = Interlocked.Read(ref cache._generation);
            var readAt = time.GetTimestamp();
            var value = await read(key, cancellationToken);
            _entries.Put(key, new Entry(value, generation, readAt));
            return value;
        }

        private readonly record struct Entry(TValue Value, long Generation, long ReadAt);
    }
}
