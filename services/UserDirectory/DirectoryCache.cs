using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Platform.Caching;
using Merpati.Signing;
using Merpati.UserDirectory.Addresses;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory;

/// <summary>
/// What was read from the store, as long as it is still true. Every change ends the truth of all of it at once (<see cref="Invalidate"/>);
/// one made by another process does when <see cref="IDirectoryChangeFeed"/> brings word of it, and after <see cref="UserDirectoryOptions.CacheLifetime"/> at the latest.
/// </summary>
internal sealed class DirectoryCache : IDisposable
{
    private readonly IDisposable _changes;
    private long _generation;

    public DirectoryCache(IOptions<UserDirectoryOptions> options, IDirectoryChangeFeed changes, TimeProvider time)
    {
        _changes = changes.Subscribe(Invalidate);
        var capacity = options.Value.CachedAddresses;
        var lifetime = options.Value.CacheLifetime;
        Domains = new(this, capacity, lifetime, time);
        Wildcards = new(this, capacity, lifetime, time);
        Matches = new(this, capacity, lifetime, time);
        Accounts = new(this, capacity, lifetime, time);
        SigningKeys = new(this, capacity, lifetime, time);
    }

    public Part<string, LocalDomain?> Domains { get; }

    public Part<string, IReadOnlyList<AddressAlias>> Wildcards { get; }

    public Part<EmailAddress, AddressMatch> Matches { get; }

    public Part<AccountId, Account?> Accounts { get; }

    public Part<string, IReadOnlyList<DkimSigningKey>> SigningKeys { get; }

    public void Dispose() => _changes.Dispose();

    private void Invalidate() => Interlocked.Increment(ref _generation);

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
