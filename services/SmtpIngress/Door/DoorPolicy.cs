using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Merpati.Platform.Listeners;
using Merpati.Protocols.Smtp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Door;

/// <summary>
/// How much a stranger may do: connections, messages, recipients and guesses at recipients per minute, by address or prefix.
/// Trusted networks are never limited. A refusal is temporary, names its reason, and costs the client a retry; where the buckets cannot be had nobody is refused.
/// </summary>
internal sealed class DoorPolicy
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Whoever names no networks means those that strangers cannot come from: load balancers and the cluster itself are there.
    private static readonly string[] PrivateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

    private readonly IRateBuckets _buckets;
    private readonly SmtpIngressOptions _options;
    private readonly TrustedNetworks _trusted;
    private readonly IngressMetrics _metrics;
    private readonly ILogger _logger;

    public DoorPolicy(IRateBuckets buckets, IOptions<SmtpIngressOptions> options, IngressMetrics metrics, ILogger<DoorPolicy> logger)
    {
        (_buckets, _options, _metrics, _logger) = (buckets, options.Value, metrics, logger);
        _trusted = new TrustedNetworks(_options.TrustedNetworks.Count > 0 ? _options.TrustedNetworks : PrivateNetworks);
    }

    /// <summary>How long the greeting waits for an early talker.</summary>
    public TimeSpan GreetDelay(SmtpRole role, IPAddress client) => role == SmtpRole.Mx && !IsTrusted(client) ? _options.GreetDelay : TimeSpan.Zero;

    public SmtpReply Refuse(IPAddress client, SmtpReply reply, string reason)
    {
        _metrics.CountTurnedAway(reason);
        _logger.TurnedAway(client, reason);
        return reply;
    }

    public ValueTask<SmtpReply?> ConnectAsync(IPAddress client, CancellationToken cancellationToken)
        => TakeAsync(RateKind.Connections, client, _options.ConnectionsPerMinute, 1, Replies.TooManyConnections, cancellationToken);

    public ValueTask<SmtpReply?> MailAsync(SmtpRole role, IPAddress client, CancellationToken cancellationToken)
        => role == SmtpRole.Mx ? TakeAsync(RateKind.Messages, client, _options.MessagesPerMinute, 1, Replies.TooManyMessages, cancellationToken) : default;

    /// <summary>Before the recipient is looked up: who guessed too much learns nothing more.</summary>
    public async ValueTask<SmtpReply?> RcptAsync(SmtpRole role, IPAddress client, CancellationToken cancellationToken)
    {
        if (role != SmtpRole.Mx) return null;
        return await TakeAsync(RateKind.UnknownRecipients, client, _options.UnknownRecipientsPerMinute, 0, Replies.TooManyUnknown, cancellationToken).ConfigureAwait(false)
            ?? await TakeAsync(RateKind.Recipients, client, _options.RecipientsPerMinute, 1, Replies.TooManyRecipients, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The recipient does not exist.</summary>
    public async ValueTask CountUnknownAsync(SmtpRole role, IPAddress client, CancellationToken cancellationToken)
    {
        if (role == SmtpRole.Mx) _ = await TakeAsync(RateKind.UnknownRecipients, client, _options.UnknownRecipientsPerMinute, 1, null, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<SmtpReply?> TakeAsync(RateKind kind, IPAddress client, int perMinute, int tokens, SmtpReply? refusal, CancellationToken cancellationToken)
    {
        if (perMinute == 0 || IsTrusted(client)) return null;
        try
        {
            if (await _buckets.TakeAsync(new RateKey(kind, Prefix(client)), new RateLimit(perMinute, Minute), tokens, cancellationToken).ConfigureAwait(false) is null || refusal is null) return null;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            _logger.BucketFault(fault, kind);
            return null;
        }
        return Refuse(client, refusal, ReasonOf(kind));
    }

    private bool IsTrusted(IPAddress client) => IPAddress.IsLoopback(client) || _trusted.Contains(client);

    /// <summary>As it stands in replies, logs and metrics: never change them.</summary>
    private static string ReasonOf(RateKind kind) => kind switch
    {
        RateKind.Connections => "rate-connections",
        RateKind.Messages => "rate-messages",
        RateKind.Recipients => "rate-recipients",
        _ => "rate-unknown-recipients",
    };

    private static UInt128 Prefix(IPAddress client)
    {
        Span<byte> octets = stackalloc byte[16];
        client.MapToIPv6().TryWriteBytes(octets, out _);
        if (client.AddressFamily == AddressFamily.InterNetworkV6 && !client.IsIPv4MappedToIPv6) octets[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(octets);
    }
}
