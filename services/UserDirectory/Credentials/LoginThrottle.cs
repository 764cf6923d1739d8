using System.Net.Sockets;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Platform.Caching;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// Makes guessing slow without shutting anybody out for good: after some failures each further one doubles a delay, and failures fade with time.
/// Counted for a login as seen from a client's network (/32 or /64), so that a stranger cannot lock the owner out, and for the network as a whole,
/// unless many people stand behind it (trusted networks, loopback).
/// </summary>
internal sealed class LoginThrottle
{
    private const int Capacity = 50_000;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly UserDirectoryOptions _options;
    private readonly IPNetwork[] _trusted;
    private readonly BoundedCache<(Network Network, UInt128 Login), Failures> _logins = new(Capacity);
    private readonly BoundedCache<Network, Failures> _networks = new(Capacity);

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
        var network = Network.Of(client);
        var ofLogin = _logins.TryGet((network, Digest(login)), out var failures) ? failures.Remaining(now) : TimeSpan.Zero;
        var ofNetwork = _networks.TryGet(network, out failures) ? failures.Remaining(now) : TimeSpan.Zero;
        return ofLogin > ofNetwork ? ofLogin : ofNetwork;
    }

    public void Failed(string login, IPAddress? client)
    {
        var network = Network.Of(client);
        Count(_logins, (network, Digest(login)), _options.FailuresPerLogin);
        if (!IsTrusted(client)) Count(_networks, network, _options.FailuresPerNetwork);
    }

    /// <summary>Clears the login's own failures. The network's stay: one right password must not buy guesses at the others.</summary>
    public void Succeeded(string login, IPAddress? client) => _logins.Remove((Network.Of(client), Digest(login)));

    private void Count<TKey>(BoundedCache<TKey, Failures> cache, TKey key, int free)
        where TKey : notnull
    {
        if (!cache.TryGet(key, out var failures))
        {
            // Two first failures at once may each bring their own: one of them is not counted, no more.
            failures = new Failures();
            cache.Put(key, failures);
        }
        failures.Add(_time.GetUtcNow(), free, _options);
    }

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

    /// <summary>What one customer usually has: an IPv4 address, or the first half of an IPv6 address.</summary>
    private readonly record struct Network(UInt128 Prefix)
    {
        public static Network Of(IPAddress? client)
        {
            if (client is null) return default;
            Span<byte> octets = stackalloc byte[16];
            octets.Clear();
            client.MapToIPv6().TryWriteBytes(octets, out _);
            if (client.AddressFamily == AddressFamily.InterNetworkV6 && !client.IsIPv4MappedToIPv6) octets[8..].Clear();
            return new Network(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(octets));
        }
    }

    private sealed class Failures
    {
        private readonly Lock _lock = new();
        private double _count;
        private DateTimeOffset _countedAt;
        private DateTimeOffset _until;

        public TimeSpan Remaining(DateTimeOffset now)
        {
            lock (_lock) return _until > now ? _until - now : TimeSpan.Zero;
        }

        public void Add(DateTimeOffset now, int free, UserDirectoryOptions options)
        {
            lock (_lock)
            {
                if (_count > 0) _count *= Math.Pow(0.5, Math.Max(0, (now - _countedAt) / options.FailureHalfLife));
                _count++;
                _countedAt = now;
                if (_count < free) return;
                var delay = FirstDelay * Math.Pow(2, Math.Min(_count - free, 30));
                _until = now + (delay < options.LongestDelay ? delay : options.LongestDelay);
            }
        }
    }
}
