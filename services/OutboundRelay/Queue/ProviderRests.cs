using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Merpati.Mail.Dns;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Providers that said "too many" and are left alone for a while: all domains whose mail they take, as they count us by our address. A provider is known by the name of its mail
/// hosts without what tells them apart. All relays know of them together: see <see cref="ShareAsync"/>.
/// </summary>
internal sealed class ProviderRests(IOptions<OutboundRelayOptions> options, TimeProvider time)
{
    public const string Kind = "rest";

    private const int Kept = 10_000;

    private readonly GateOptions _options = options.Value.Gates;
    private readonly ConcurrentDictionary<string, Rest> _rests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _news = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when there is something to tell the others; a new one is there then.</summary>
    public Task Heard => _heard.Task;

    public int Count => _rests.Values.Count(rest => rest.Until > time.GetUtcNow());

    /// <summary>What the provider said, and until when it is left alone; null for one that is not.</summary>
    public (DateTimeOffset Until, string Reply)? RestOf(MailHost host)
        => _rests.TryGetValue(ProviderOf(host), out var rest) && rest.Until is var until && until > time.GetUtcNow() && until - time.GetUtcNow() <= _options.LongestProviderRest * 1.2 ? (until, rest.Reply) : null;

    /// <summary>It said that we are too many. Those who were already under way and hear the same do not make it longer.</summary>
    public DateTimeOffset TooMany(MailHost host, string reply)
    {
        var now = time.GetUtcNow();
        if (_rests.Count > Kept) Forget(now);
        var provider = ProviderOf(host);
        var until = _rests.AddOrUpdate(provider,
            _ => Resting(_options.FirstProviderRest, now, reply),
            (_, rest) => rest.Until > now ? rest : Resting(rest.Length * 2 < _options.LongestProviderRest ? rest.Length * 2 : _options.LongestProviderRest, now, reply)).Until;
        Tell(provider);
        return until;
    }

    /// <summary>It takes mail again.</summary>
    public void Well(MailHost host)
    {
        if (!_rests.IsEmpty && _rests.TryGetValue(ProviderOf(host), out var rest) && rest.Until <= time.GetUtcNow() && _rests.TryRemove(ProviderOf(host), out _)) Tell(ProviderOf(host));
    }

    private void Tell(string provider)
    {
        _news[provider] = true;
        Interlocked.Exchange(ref _heard, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
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

    /// <summary>
    /// Tells the other relays what was heard here, and hears what they heard: of two rests the longer one counts, and one that ended well somewhere has ended for all.
    /// </summary>
    public async ValueTask ShareAsync(ISharedRecords records, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var theirs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in await records.ListAsync(Kind, null, Kept, cancellationToken))
        {
            theirs.Add(record.Key);
            if (Rest.Read(record.Value) is not { } rest) continue;
            // What ended well here is about to be told; what was heard here may be shorter than what they heard.
            if (_news.ContainsKey(record.Key) && !_rests.ContainsKey(record.Key)) continue;
            _rests.AddOrUpdate(record.Key, rest, (_, own) => own.Until >= rest.Until ? own : rest);
        }
        foreach (var provider in _news.Keys)
        {
            if (!_news.TryRemove(provider, out _)) continue;
            try
            {
                if (!_rests.TryGetValue(provider, out var rest)) await records.RemoveAsync(Kind, [provider], cancellationToken);
                else await records.PutAsync([new SharedRecord(Kind, provider, rest.ToValue(), rest.Until + rest.Length)], cancellationToken);
                theirs.Add(provider);
            }
            catch
            {
                _news.TryAdd(provider, true);
                throw;
            }
        }
        foreach (var (provider, rest) in _rests)
        {
            if (rest.Until <= now && !theirs.Contains(provider) && !_news.ContainsKey(provider)) _rests.TryRemove(provider, out _);
        }
    }

    private sealed record Rest(DateTimeOffset Until, TimeSpan Length, string Reply)
    {
        public byte[] ToValue() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{RecordedTime.Write(Until)}\n{Length.Ticks}\n{Reply}"));

        /// <summary>Null for what a later version has written in another form.</summary>
        public static Rest? Read(ReadOnlyMemory<byte> value)
            => Encoding.UTF8.GetString(value.Span).Split('\n', 3) is [var until, var length, var reply]
               && RecordedTime.Read(until) is { } at
               && long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
                ? new Rest(at, new TimeSpan(ticks), reply)
                : null;
    }
}
