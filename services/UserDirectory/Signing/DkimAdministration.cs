using System.Globalization;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Signing;
using Merpati.Storage;

namespace Merpati.UserDirectory.Signing;

/// <summary>
/// The keys with which the domains sign. A new key is announced, and signs when its record can be seen in DNS; then the older active ones of its algorithm retire.
/// A retired key's record stays published while mail that it signed is under way.
/// </summary>
public sealed class DkimAdministration
{
    private readonly IDirectoryStore _store;
    private readonly DirectoryChanges _changes;
    private readonly TimeProvider _time;

    internal DkimAdministration(IDirectoryStore store, DirectoryChanges changes, TimeProvider time) => (_store, _changes, _time) = (store, changes, time);

    public ValueTask<IReadOnlyList<DkimKey>> ListAsync(string? domain, CancellationToken cancellationToken) => _store.ListDkimKeysAsync(domain, cancellationToken);

    /// <summary>One new key for each algorithm.</summary>
    /// <param name="selector">Null for a name made of the date; for several algorithms a letter is added.</param>
    /// <param name="signNow">Without waiting for DNS: the record is there already, or mail may fail to verify until it is.</param>
    /// <returns>The keys that were made, and the outcome for the first that was not.</returns>
    public async ValueTask<(IReadOnlyList<DkimKey> Keys, DirectoryOutcome Outcome)> AddAsync(string domain, IReadOnlyList<DkimAlgorithm> algorithms, string? selector, bool signNow, CancellationToken cancellationToken)
    {
        var name = DomainName.Normalize(domain);
        var made = new List<DkimKey>();
        foreach (var algorithm in algorithms)
        {
            var known = (await _store.ListDkimKeysAsync(name, cancellationToken)).Select(key => key.Key.Selector).ToHashSet(StringComparer.Ordinal);
            var key = DkimKeyMaker.Create(name, selector is null ? FreeSelector(algorithm, known) : algorithms.Count > 1 ? selector + Letter(algorithm) : selector, algorithm);
            var now = _time.GetUtcNow();
            var entry = new DkimKey(key, DkimKeyState.Announced, now, now);
            var outcome = await _changes.ApplyAsync("Add DKIM key", DkimKeyMaker.RecordName(key), () => _store.AddDkimKeyAsync(entry, cancellationToken), cancellationToken);
            if (outcome != DirectoryOutcome.Done) return (made, outcome);
            if (signNow)
            {
                outcome = await ActivateAsync(entry, cancellationToken);
                if (outcome != DirectoryOutcome.Done) return (made, outcome);
                entry = entry with { State = DkimKeyState.Active };
            }
            made.Add(entry);
        }
        return (made, DirectoryOutcome.Done);
    }

    /// <summary>A new key for each algorithm with which the domain signs; of a domain that does not sign yet, one of both.</summary>
    public async ValueTask<(IReadOnlyList<DkimKey> Keys, DirectoryOutcome Outcome)> RotateAsync(string domain, bool signNow, CancellationToken cancellationToken)
    {
        var active = (await _store.ListDkimKeysAsync(domain, cancellationToken)).Where(key => key.State == DkimKeyState.Active).Select(key => key.Key.Algorithm).Distinct().Order().ToList();
        return await AddAsync(domain, active.Count > 0 ? active : [DkimAlgorithm.RsaSha256, DkimAlgorithm.Ed25519Sha256], selector: null, signNow, cancellationToken);
    }

    public ValueTask<DirectoryOutcome> RetireAsync(string domain, string selector, CancellationToken cancellationToken)
        => _changes.ApplyAsync("Retire DKIM key", Subject(domain, selector), () => _store.ChangeDkimKeyAsync(domain, selector, DkimKeyState.Retired, _time.GetUtcNow(), cancellationToken), cancellationToken);

    /// <summary><see cref="DirectoryOutcome.InUse"/> while it signs.</summary>
    public ValueTask<DirectoryOutcome> RemoveAsync(string domain, string selector, CancellationToken cancellationToken)
        => _changes.ApplyAsync("Remove DKIM key", Subject(domain, selector), async () =>
        {
            var key = (await _store.ListDkimKeysAsync(domain, cancellationToken)).FirstOrDefault(one => one.Key.Selector.Equals(selector, StringComparison.OrdinalIgnoreCase));
            return key?.State == DkimKeyState.Active ? DirectoryOutcome.InUse : await _store.RemoveDkimKeyAsync(domain, selector, cancellationToken);
        }, cancellationToken);

    /// <summary>The key signs from now on, and the older ones of its algorithm no more.</summary>
    internal ValueTask<DirectoryOutcome> ActivateAsync(DkimKey key, CancellationToken cancellationToken)
        => _changes.ApplyAsync("Activate DKIM key", DkimKeyMaker.RecordName(key.Key), async () =>
        {
            var now = _time.GetUtcNow();
            // First the new one: there is no moment without a key.
            var outcome = await _store.ChangeDkimKeyAsync(key.Key.Domain, key.Key.Selector, DkimKeyState.Active, now, cancellationToken);
            if (outcome != DirectoryOutcome.Done) return outcome;
            foreach (var old in await _store.ListDkimKeysAsync(key.Key.Domain, cancellationToken))
            {
                if (old.State != DkimKeyState.Active || old.Key.Algorithm != key.Key.Algorithm || old.Key.Selector == key.Key.Selector) continue;
                await _store.ChangeDkimKeyAsync(old.Key.Domain, old.Key.Selector, DkimKeyState.Retired, now, cancellationToken);
            }
            return DirectoryOutcome.Done;
        }, cancellationToken);

    private static string Subject(string domain, string selector) => $"{selector}._domainkey.{DomainName.Normalize(domain)}";

    private static string Letter(DkimAlgorithm algorithm) => algorithm == DkimAlgorithm.Ed25519Sha256 ? "e" : "r";

    private string FreeSelector(DkimAlgorithm algorithm, HashSet<string> taken)
    {
        var name = "m" + _time.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture) + Letter(algorithm);
        if (!taken.Contains(name)) return name;
        for (var i = 2; ; i++)
        {
            if (!taken.Contains($"{name}{i}")) return $"{name}{i}";
        }
    }
}
