using Merpati.Mail.Dns;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>In memory; what was not used for longest is forgotten when there are too many.</summary>
internal sealed class MemoryMtaStsCache(TimeProvider time) : IMtaStsCache
{
    private readonly BoundedCache<string, KnownMtaStsPolicy> _policies = new(1000, 1024 * 1024);

    public ValueTask<KnownMtaStsPolicy?> GetAsync(string domain, CancellationToken cancellationToken)
        => ValueTask.FromResult(_policies.TryGet(domain, time.GetUtcNow(), out var policy) ? policy : null);

    public ValueTask PutAsync(KnownMtaStsPolicy policy, CancellationToken cancellationToken)
    {
        var room = 300 + policy.Policy.Lines.Sum(line => 60L + 2 * line.Length) + policy.Policy.Mx.Sum(mx => 60L + 2 * mx.Length);
        _policies.Put(policy.Domain, policy, policy.Expires, room);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<KnownMtaStsPolicy>> FetchedBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return ValueTask.FromResult(_policies.Where(policy => policy.FetchedAt < before && policy.Expires > now));
    }
}
