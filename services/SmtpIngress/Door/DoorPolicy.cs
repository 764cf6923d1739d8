using System.Net;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Platform.Caching;
using Merpati.Platform.Listeners;
using Merpati.Protocols.Smtp;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Door;

/// <summary>
/// How much somebody may do: connections, messages, recipients, guesses at recipients and octets, by network, sender, domain or account (<see cref="RateRule"/>).
/// Trusted networks are never limited, but the accounts of our users are wherever they come from. A refusal is temporary, names its reason, and costs the client a retry.
/// </summary>
internal sealed class DoorPolicy
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Whoever names no networks means those that strangers cannot come from: load balancers and the cluster itself are there.
    public static readonly string[] PrivateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

    private readonly RateBuckets _buckets;
    private readonly RateRule[] _rules;
    private readonly SmtpIngressOptions _options;
    private readonly TrustedNetworks _trusted;
    private readonly IngressMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BoundedCache<RateKey, DateTimeOffset> _alarms = new(10_000);

    public DoorPolicy(RateBuckets buckets, IOptions<SmtpIngressOptions> options, IngressMetrics metrics, TimeProvider time, ILogger<DoorPolicy> logger)
    {
        (_buckets, _options, _metrics, _time, _logger) = (buckets, options.Value, metrics, time, logger);
        _trusted = new TrustedNetworks(_options.TrustedNetworks.Count > 0 ? _options.TrustedNetworks : PrivateNetworks);
        _rules =
        [
            .. OfNetwork(RateCount.Connections, _options.ConnectionsPerMinute),
            // Before the recipient is looked up: who guessed too much learns nothing more.
            .. OfNetwork(RateCount.UnknownRecipients, _options.UnknownRecipientsPerMinute),
            .. OfNetwork(RateCount.Messages, _options.MessagesPerMinute),
            .. OfNetwork(RateCount.Recipients, _options.RecipientsPerMinute),
            .. _options.Rates.Select(static rate => rate.ToRule()),
        ];
    }

    /// <summary>How long the greeting waits for an early talker.</summary>
    public TimeSpan GreetDelay(SmtpRole role, IPAddress client) => role == SmtpRole.Mx && !IsTrusted(client) ? _options.GreetDelay : TimeSpan.Zero;

    public SmtpReply Refuse(IPAddress client, SmtpReply reply, string reason)
    {
        _metrics.CountTurnedAway(reason);
        _logger.TurnedAway(client, reason);
        return reply;
    }

    public SmtpReply? Connect(SmtpRole role, IPAddress client) => Take(RateCount.Connections, 1, role, client);

    public SmtpReply? Mail(SmtpRole role, SmtpPeer peer, ReversePath reversePath)
        => Take(RateCount.Octets, 0, role, peer.RemoteEndPoint.Address, peer, reversePath) ?? Take(RateCount.Messages, 1, role, peer.RemoteEndPoint.Address, peer, reversePath);

    public SmtpReply? Rcpt(SmtpRole role, SmtpPeer peer, ReversePath reversePath, EmailAddress recipient)
        => Take(RateCount.UnknownRecipients, 0, role, peer.RemoteEndPoint.Address, peer, reversePath, recipient)
            ?? Take(RateCount.Recipients, 1, role, peer.RemoteEndPoint.Address, peer, reversePath, recipient);

    /// <summary>The recipient does not exist.</summary>
    public void CountUnknown(SmtpRole role, SmtpPeer peer, ReversePath reversePath, EmailAddress recipient)
        => Take(RateCount.UnknownRecipients, 1, role, peer.RemoteEndPoint.Address, peer, reversePath, recipient, isOver: true);

    /// <summary>The message was accepted.</summary>
    public void CountOctets(SmtpRole role, SmtpPeer peer, ReversePath reversePath, long octets)
        => Take(RateCount.Octets, octets, role, peer.RemoteEndPoint.Address, peer, reversePath, isOver: true);

    public bool IsTrusted(IPAddress client) => IPAddress.IsLoopback(client) || _trusted.Contains(client);

    private static IEnumerable<RateRule> OfNetwork(RateCount count, int perMinute) => perMinute == 0 ? [] : [new RateRule(count, RateSubject.Network, perMinute, Minute, RateAnswer.Refuse)];

    /// <param name="isOver">It has happened, and nobody is refused for it now.</param>
    private SmtpReply? Take(RateCount count, long tokens, SmtpRole role, IPAddress client, SmtpPeer? peer = null, ReversePath? reversePath = null, EmailAddress? recipient = null, bool isOver = false)
    {
        var isTrusted = IsTrusted(client);
        foreach (var rule in _rules)
        {
            if (rule.Count != count || !rule.HoldsFor(role) || (isTrusted && rule.Per != RateSubject.Account) || rule.Whose(client, peer, reversePath, recipient) is not { } whose) continue;
            var key = new RateKey(rule.Buckets, whose);
            if (_buckets.Take(key, new RateLimit(rule.Limit, rule.Within), tokens, isOver) is null) continue;
            if (rule.Then == RateAnswer.Alarm) Alarm(key, rule);
            else if (!isOver) return Refuse(client, rule.Refusal, rule.Reason);
        }
        return null;
    }

    /// <summary>Once for each time that a limit stands for: whoever goes on is not told of with each message.</summary>
    private void Alarm(RateKey key, RateRule rule)
    {
        var now = _time.GetUtcNow();
        if (_alarms.TryGet(key, out var raisedAt) && now - raisedAt < rule.Within) return;
        _alarms.Put(key, now);
        _metrics.CountRateAlarm(rule.Reason);
        _logger.RateAlarm(rule.Reason, key.Whose, rule.Limit, rule.Within);
    }
}
