using System.Collections.Concurrent;
using Merpati.Addresses;
using Merpati.Relaying;

namespace Merpati.TestKit.Accounts;

/// <summary>The suppression list in memory, for unit tests.</summary>
public sealed class InMemorySuppressionList(TimeProvider time) : ISuppressionList
{
    private readonly ConcurrentDictionary<string, Suppression> _list = new(StringComparer.Ordinal);

    public ValueTask PutAsync(Suppression suppression, CancellationToken cancellationToken)
    {
        _list[suppression.Pattern] = suppression;
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RemoveAsync(string pattern, CancellationToken cancellationToken) => ValueTask.FromResult(_list.TryRemove(pattern, out _));

    public ValueTask<IReadOnlyDictionary<EmailAddress, Suppression>> FindAsync(IReadOnlyList<EmailAddress> recipients, EmailAddress? sender, CancellationToken cancellationToken)
    {
        var found = new Dictionary<EmailAddress, Suppression>();
        foreach (var recipient in recipients)
        {
            if (Suppression.Patterns(recipient, sender).Select(Find).FirstOrDefault(one => one is not null) is { } suppression) found[recipient] = suppression;
        }
        return ValueTask.FromResult<IReadOnlyDictionary<EmailAddress, Suppression>>(found);
    }

    public ValueTask<IReadOnlyList<Suppression>> ListAsync(string? contains, string? after, int limit, CancellationToken cancellationToken)
        => ValueTask.FromResult<IReadOnlyList<Suppression>>([.. _list.Values
            .OrderBy(one => one.Pattern, StringComparer.Ordinal)
            .Where(one => string.CompareOrdinal(one.Pattern, after ?? "") > 0 && one.Pattern.Contains(contains?.ToLowerInvariant() ?? "", StringComparison.Ordinal))
            .Take(limit)]);

    private Suppression? Find(string pattern) => _list.TryGetValue(pattern, out var suppression) && suppression.IsInForce(time.GetUtcNow()) ? suppression : null;
}
