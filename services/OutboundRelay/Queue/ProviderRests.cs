using System.Collections.Concurrent;
using Merpati.Mail.Dns;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Providers that said "too many" and are left alone for a while: all domains whose mail they take, as they count us by our address. A provider is known by the name of its mail
/// hosts without what tells them apart.
/// </summary>
internal sealed class ProviderRests(IOptions<OutboundRelayOptions> options, TimeProvider time)
{
    private const int Kept = 10_000;

    private readonly GateOptions _options = options.Value.Gates;
    private readonly ConcurrentDictionary<string, Rest> _rests = new(StringComparer.Ordinal);

    public int Count => _rests.Values.Count(rest => rest.Until > time.GetUtcNow());

    /// <summary>What the provider said, and until when it is left alone; null for one that is not.</summary>
    public (DateTimeOffset Until, string Reply)? RestOf(MailHost host)
        => _rests.TryGetValue(ProviderOf(host), out var rest) && rest.Until is var until && until > time.GetUtcNow() && until - time.GetUtcNow() <= _options.LongestProviderRest * 1.2 ? (until, rest.Reply) : null;

    /// <summary>It said that we are too many. Those who were already under way and hear the same do not make it longer.</summary>
    public DateTimeOffset TooMany(MailHost host, string reply)
    {
        var now = time.GetUtcNow();
        if (_rests.Count > Kept) Forget(now);
        return _rests.AddOrUpdate(ProviderOf(host),
            _ => Resting(_options.FirstProviderRest, now, reply),
            (_, rest) => rest.Until > now ? rest : Resting(rest.Length * 2 < _options.LongestProviderRest ? rest.Length * 2 : _options.LongestProviderRest, now, reply)).Until;
    }

    /// <summary>It takes mail again.</summary>
    public void Well(MailHost host)
    {
        if (!_rests.IsEmpty && _rests.TryGetValue(ProviderOf(host), out var rest) && rest.Until <= time.GetUtcNow()) _rests.TryRemove(ProviderOf(host), out _);
    }

    /// <summary><c>mx1.mail.example.co.uk</c> and <c>mx2.example.co.uk</c> are one; an address literal is one of its own.</summary>
    internal static string ProviderOf(MailHost host)
    {
        if (host.IsAddressLiteral) return host.Name;
        var labels = host.Name.Split('.');
        // Without the list of public suffixes: under a country's two letters a short label is one (co.uk, com.au). Too wide a guess costs some minutes, not mail.
        var keep = labels is [.., { Length: <= 3 }, { Length: 2 }] ? 3 : 2;
        return string.Join('.', labels.TakeLast(keep));
    }

    private static Rest Resting(TimeSpan length, DateTimeOffset now, string reply) => new(now + length * (0.9 + 0.2 * Random.Shared.NextDouble()), length, reply);

    private void Forget(DateTimeOffset now)
    {
        foreach (var (provider, rest) in _rests)
        {
            if (rest.Until + rest.Length < now) _rests.TryRemove(provider, out _);
        }
    }

    private sealed record Rest(DateTimeOffset Until, TimeSpan Length, string Reply);
}
