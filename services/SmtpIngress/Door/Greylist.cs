using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Platform.Caching;
using Merpati.Protocols.Smtp;
using Merpati.SmtpIngress.Checks;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using AddressScope = Merpati.Mail.Dns.AddressScope;

namespace Merpati.SmtpIngress.Door;

/// <summary>
/// Greylisting (RFC 6647): who sends to somebody for the first time has to come again, which a mail server does. Counted is not the address but who answers for it: the domain of the sender where SPF
/// says that the client may send for it, so that a provider with a thousand addresses waits once; else the client's network. Whoever has come again for some senders and recipients waits no more.
/// All processes know the same; without the store nobody waits.
/// </summary>
internal sealed class Greylist(ISharedRecords records, MessageChecks checks, DoorPolicy door, IOptions<SmtpIngressOptions> options, TimeProvider time, ILogger<Greylist> logger)
{
    public const string Waiting = "grey";
    public const string Known = "known";

    private static ReadOnlySpan<byte> CameAgain => "again"u8;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Renewal = TimeSpan.FromDays(1);

    private readonly GreylistOptions _options = options.Value.Greylist;
    private readonly BoundedCache<(IPAddress Client, string Sender, string Hello), (string Identity, DateTimeOffset At)> _identities = new(10_000);
    private readonly BoundedCache<string, DateTimeOffset> _known = new(10_000);

    /// <summary>Null: go on. Else how long until it is worth to try again.</summary>
    public async ValueTask<TimeSpan?> JudgeAsync(SmtpPeer peer, ReversePath reversePath, EmailAddress recipient, CancellationToken cancellationToken)
    {
        var client = AddressScope.Unmapped(peer.RemoteEndPoint.Address);
        // Postmaster is how somebody asks why he has to wait.
        if (!_options.Enabled || door.IsTrusted(client) || checks.IsExempt(client) || recipient.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            var identity = await IdentityAsync(client, peer.Hello, reversePath, cancellationToken).ConfigureAwait(false);
            return await IsKnownAsync(identity, cancellationToken).ConfigureAwait(false) ? null : await JudgeAsync(identity, reversePath, recipient, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            logger.GreylistFault(fault.Message);
            return null;
        }
    }

    private async ValueTask<TimeSpan?> JudgeAsync(string identity, ReversePath reversePath, EmailAddress recipient, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = Key(identity, reversePath, recipient);
        if (await records.FindAsync(Waiting, key, cancellationToken).ConfigureAwait(false) is not { } there)
        {
            var record = new SharedRecord(Waiting, key, Encoding.ASCII.GetBytes(RecordedTime.Write(now)), now + _options.Window);
            await records.TryPutAsync(record, cancellationToken).ConfigureAwait(false);
            return _options.Delay;
        }
        if (there.Value.Span.SequenceEqual(CameAgain)) return null;
        var since = RecordedTime.Read(Encoding.ASCII.GetString(there.Value.Span)) is { } first && first <= now ? now - first : TimeSpan.Zero;
        if (since < _options.Delay) return _options.Delay - since;
        // Who comes twice at the same moment counts once.
        if (await records.TryPutAsync(there with { Value = CameAgain.ToArray(), ExpiresAt = now + _options.Keep }, cancellationToken).ConfigureAwait(false)) await CountAsync(identity, now, cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>The value of a known identity is how many of its senders and recipients came again.</summary>
    private async ValueTask CountAsync(string identity, DateTimeOffset now, CancellationToken cancellationToken)
        => await records.ChangeAsync(Known, identity, there => new SharedRecord(Known, identity, Encoding.ASCII.GetBytes((Count(there) + 1).ToString(CultureInfo.InvariantCulture)), now + _options.Keep), cancellationToken).ConfigureAwait(false);

    private async ValueTask<bool> IsKnownAsync(string identity, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_known.TryGet(identity, out var until) && until > now) return true;
        var there = await records.FindAsync(Known, identity, cancellationToken).ConfigureAwait(false);
        if (there is null || Count(there) < _options.AllowAfter) return false;
        // Known as long as he comes.
        if (there.ExpiresAt - now < _options.Keep - Renewal) await records.TryPutAsync(there with { ExpiresAt = now + _options.Keep }, cancellationToken).ConfigureAwait(false);
        _known.Put(identity, now + Remembered);
        return true;
    }

    private async ValueTask<string> IdentityAsync(IPAddress client, string hello, ReversePath reversePath, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var sender = reversePath.Address is { } address ? $"{address.LocalPart}@{address.Domain}" : "";
        if (_identities.TryGet((client, sender, hello), out var cached) && now - cached.At < Remembered) return cached.Identity;
        var spf = await checks.CheckSpfAsync(client, sender, hello, cancellationToken).ConfigureAwait(false);
        var identity = spf.Result == AuthResult.Pass ? $"domain {spf.Domain.ToLowerInvariant()}" : $"network {Neighbours(client)}";
        _identities.Put((client, sender, hello), (identity, now));
        return identity;
    }

    /// <summary>A server may come again from an address beside the first.</summary>
    private static string Neighbours(IPAddress client)
    {
        var octets = client.GetAddressBytes();
        octets.AsSpan(octets.Length == 4 ? 3 : 8).Clear();
        return new IPAddress(octets).ToString();
    }

    private static int Count(SharedRecord? record) => record is not null && int.TryParse(Encoding.ASCII.GetString(record.Value.Span), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    /// <summary>Addresses are as long as a stranger likes, and nobody's business.</summary>
    private static string Key(string identity, ReversePath reversePath, EmailAddress recipient)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{identity}\n{reversePath.ToString().ToLowerInvariant()}\n{recipient.ToString().ToLowerInvariant()}")).AsSpan(0, 16));
}
