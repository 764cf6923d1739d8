using System.Security.Cryptography;
using System.Text;
using Merpati.Mailboxes;
using Merpati.Platform.Caching;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// Passwords that were right a moment ago, so that a client that logs in for every poll costs one Argon2id computation in ten minutes (Dovecot's auth cache).
/// Only a keyed hash is kept, under a key that dies with the process. It covers the stored verifier too: a changed password makes the entry worthless at once, wherever it was changed.
/// Whether the account may log in at all is not decided here.
/// </summary>
internal sealed class RecentLogins(IOptions<UserDirectoryOptions> options, TimeProvider time)
{
    private const int Capacity = 10_000;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly BoundedCache<AccountId, Entry> _entries = new(Capacity);

    public bool Knows(AccountId account, string verifier, string password)
        => _entries.TryGet(account, out var entry)
            && time.GetUtcNow() < entry.ExpiresAt
            && CryptographicOperations.FixedTimeEquals(entry.Tag, Tag(account, verifier, password));

    public void Remember(AccountId account, string verifier, string password)
    {
        if (options.Value.RecentLoginLifetime > TimeSpan.Zero) _entries.Put(account, new Entry(Tag(account, verifier, password), time.GetUtcNow() + options.Value.RecentLoginLifetime));
    }

    public void Forget(AccountId account) => _entries.Remove(account);

    private byte[] Tag(AccountId account, string verifier, string password)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(account.Value.ToByteArray());
        hmac.AppendData(Encoding.UTF8.GetBytes(verifier));
        hmac.AppendData([0]);
        hmac.AppendData(Encoding.UTF8.GetBytes(password));
        return hmac.GetHashAndReset();
    }

    private sealed record Entry(byte[] Tag, DateTimeOffset ExpiresAt);
}
