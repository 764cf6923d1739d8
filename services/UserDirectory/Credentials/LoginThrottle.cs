using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Platform.Caching;
using Merpati.Platform.Listeners;
using Merpati.Platform.Sharing;
using Merpati.Storage;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// Makes guessing slow without shutting anybody out for good: after some failures each further one doubles a delay, and failures fade with time.
/// Counted for a login as seen from a client's network (/32 or /64), so that a stranger cannot lock the owner out, and for the network as a whole,
/// unless many people stand behind it (trusted networks, loopback). Each process counts by itself, and a second later all count together.
/// </summary>
internal sealed class LoginThrottle : ISharedCounts
{
    public const string Kind = "logins";

    private const int Capacity = 50_000;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly UserDirectoryOptions _options;
    private readonly IPNetwork[] _trusted;
    private readonly BoundedCache<(ClientNetwork Network, UInt128 Login), Failures> _logins = new(Capacity);
    private readonly BoundedCache<ClientNetwork, Failures> _networks = new(Capacity);
    private readonly ConcurrentDictionary<string, Failures> _news = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _forgiven = new(StringComparer.Ordinal);

    public LoginThrottle(IOptions<UserDirectoryOptions> options, TimeProvider time)
    {
        _time = time;
        _options = options.Value;
        _trusted = [.. _options.TrustedNetworks.Select(IPNetwork.Parse)];
    }

    /// <summary>How long this client has to wait before this login is looked at again; zero when it need not.</summary>
    public TimeSpan Delay(string login, IPAddress? client)
    {
        var now = _time.GetUtcNow();
        var network = ClientNetwork.Of(client);
        var ofLogin = _logins.TryGet((network, Digest(login)), out var failures) ? failures.Remaining(now) : TimeSpan.Zero;
        var ofNetwork = _networks.TryGet(network, out failures) ? failures.Remaining(now) : TimeSpan.Zero;
        return ofLogin > ofNetwork ? ofLogin : ofNetwork;
    }

    public void Failed(string login, IPAddress? client)
    {
        var network = ClientNetwork.Of(client);
        var digest = Digest(login);
        Count(_logins, (network, digest), NameOf(network, digest), _options.FailuresPerLogin);
        if (!IsTrusted(client)) Count(_networks, network, NameOf(network), _options.FailuresPerNetwork);
    }

    /// <summary>Clears the login's own failures. The network's stay: one right password must not buy guesses at the others.</summary>
    public void Succeeded(string login, IPAddress? client)
    {
        var key = (ClientNetwork.Of(client), Digest(login));
        if (!_logins.TryGet(key, out _)) return;
        _logins.Remove(key);
        var name = NameOf(key.Item1, key.Item2);
        _news.TryRemove(name, out _);
        if (_forgiven.Count < Capacity) _forgiven.TryAdd(name, true);
    }

    public async ValueTask ShareAsync(ISharedRecords records, CancellationToken cancellationToken)
    {
        if (_forgiven.Keys is { Count: > 0 } forgiven)
        {
            await records.RemoveAsync(Kind, [.. forgiven], cancellationToken);
            foreach (var name in forgiven) _forgiven.TryRemove(name, out _);
        }
        foreach (var (name, failures) in _news)
        {
            var (mine, all) = (failures.News, default(Tally));
            var isShared = await records.ChangeAsync(Kind, name, there =>
            {
                var now = _time.GetUtcNow();
                all = Tally.Read(there).Add(mine, now, failures.Free, _options);
                return new SharedRecord(Kind, name, Encoding.ASCII.GetBytes(all.Write()), now + Kept);
            }, cancellationToken);
            if (!isShared) continue; // the next time
            _news.TryRemove(name, out _);
            if (failures.Shared(all, mine)) _news.TryAdd(name, failures);
        }
    }

    private void Count<TKey>(BoundedCache<TKey, Failures> cache, TKey key, string name, int free)
        where TKey : notnull
    {
        if (!cache.TryGet(key, out var failures))
        {
            // Two first failures at once may each bring their own: one of them is not counted, no more.
            failures = new Failures(free);
            cache.Put(key, failures);
        }
        failures.Add(_time.GetUtcNow(), _options);
        if (_news.Count < Capacity) _news.TryAdd(name, failures);
    }

    /// <summary>When no failure of before counts any more.</summary>
    private TimeSpan Kept => (_options.FailureHalfLife * 10) + _options.LongestDelay;

    private static string NameOf(ClientNetwork network, UInt128 login) => $"{NameOf(network)} {login:x32}";

    private static string NameOf(ClientNetwork network) => $"{network.Prefix:x32}";

    private bool IsTrusted(IPAddress? client)
    {
        if (client is null) return true; // not over the network
        var address = client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client;
        return IPAddress.IsLoopback(address) || Array.Exists(_trusted, network => network.Contains(address));
    }

    /// <summary>Logins are as long as a stranger likes: keep 16 octets of each.</summary>
    private static UInt128 Digest(string login)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(login.ToLowerInvariant()), hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>Failures that fade with time, and until when somebody has to wait for them.</summary>
    private readonly record struct Tally(double Count, DateTimeOffset CountedAt, DateTimeOffset Until)
    {
        public Tally Add(int failures, DateTimeOffset now, int free, UserDirectoryOptions options)
        {
            var count = failures + (Count > 0 ? Count * Math.Pow(0.5, Math.Max(0, (now - CountedAt) / options.FailureHalfLife)) : 0);
            if (failures == 0 || count < free) return new Tally(count, now, Until);
            var delay = FirstDelay * Math.Pow(2, Math.Min(count - free, 30));
            return new Tally(count, now, now + (delay < options.LongestDelay ? delay : options.LongestDelay));
        }

        public string Write() => string.Create(CultureInfo.InvariantCulture, $"{Count:R} {RecordedTime.Write(CountedAt)} {RecordedTime.Write(Until)}");

        /// <summary>Nothing for what is not there, or was written in another form by a later version.</summary>
        public static Tally Read(SharedRecord? record)
            => record is not null && Encoding.ASCII.GetString(record.Value.Span).Split(' ') is [var count, var countedAt, var until]
                && double.TryParse(count, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && RecordedTime.Read(countedAt) is { } at && RecordedTime.Read(until) is { } end ? new Tally(number, at, end) : default;
    }

    private sealed class Failures(int free)
    {
        private readonly Lock _lock = new();
        private Tally _tally;
        private int _news;

        public int Free => free;

        /// <summary>Counted here, and not shared yet.</summary>
        public int News
        {
            get { lock (_lock) return _news; }
        }

        public TimeSpan Remaining(DateTimeOffset now)
        {
            lock (_lock) return _tally.Until > now ? _tally.Until - now : TimeSpan.Zero;
        }

        public void Add(DateTimeOffset now, UserDirectoryOptions options)
        {
            lock (_lock)
            {
                _tally = _tally.Add(1, now, free, options);
                _news++;
            }
        }

        /// <summary>What all have counted, with so many of ours.</summary>
        /// <returns>True when some were counted here meanwhile.</returns>
        public bool Shared(Tally all, int ours)
        {
            lock (_lock)
            {
                _news -= ours;
                // A delay that was set here holds, whatever the others know.
                _tally = all with { Count = all.Count + _news, Until = all.Until > _tally.Until ? all.Until : _tally.Until };
                return _news > 0;
            }
        }
    }
}
