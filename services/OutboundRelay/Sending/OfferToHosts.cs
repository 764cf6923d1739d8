using System.Globalization;
using System.Net;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Queue;
using Merpati.Protocols.Smtp.Client;
using Merpati.OutboundRelay.TlsReports;
using Merpati.QueueWork;
using Merpati.Relaying;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Sending;

/// <summary>What came of offering a message to the hosts of its destination.</summary>
/// <param name="Fates">One for each recipient, in their order.</param>
/// <param name="Steps">For the timeline: each host, and what it said.</param>
internal sealed record Offer(IReadOnlyList<Fate> Fates, IReadOnlyList<string> Steps, GateFeedback Feedback, string? Failure);

/// <summary>
/// Offers one message to the hosts of its destination, one after the other (RFC 5321 §5.1):
/// <list type="number">
/// <item>a host whose provider rests, or that the TLS policy forbids, is passed over;</item>
/// <item>each of its addresses is dialed, or a connection that is open is taken, until one has a session;</item>
/// <item>the message is offered for the recipients that are left;</item>
/// <item>those whom the host refuses for now, or all if the connection fails, are offered to the next host.</item>
/// </list>
/// What was refused for good, what was taken, and what may have been taken, is not offered again.
/// </summary>
internal sealed class OfferToHosts(
    TlsPolicies policies,
    MessagePreparation preparation,
    SmtpDialer dialer,
    ConnectionPool pool,
    ProviderRests providers,
    RelaySchedules schedules,
    TlsSessionReports tlsReports,
    IMailQueue queue,
    RelayMetrics metrics,
    IOptions<OutboundRelayOptions> options,
    TimeProvider time,
    ILogger<OfferToHosts> logger)
{
    /// <summary>A lease that is good for so long by our clock is nobody else's, whatever their clocks say.</summary>
    private static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(10);

    private readonly OutboundRelayOptions _options = options.Value;

    /// <param name="recipients">Those that are to be offered, at least one.</param>
    /// <param name="route">How <paramref name="destination"/> was chosen; null for DNS.</param>
    /// <param name="intended">The host for which the intent of all recipients is durable already.</param>
    public async ValueTask<Offer> RunAsync(LeaseHolder lease, QueueEntry entry, Destination.Hosts destination, RelayRoute? route, IReadOnlyList<QueueRecipient> recipients, string? intended, CancellationToken cancellationToken)
    {
        var state = new OfferState(recipients) { Intended = intended };
        try
        {
            await RunAsync(state, lease, entry, destination, route, cancellationToken);
        }
        catch (Exception exception) when (state.IsRelayedInPart)
        {
            // Some have it, and that must not be forgotten for what came after.
            logger.OfferBroken(entry.Id, exception);
            state.HostFailed(destination.Domain, new Fate.Postponed("4.3.0", $"450 4.3.0 The mail system has a temporary problem ({exception.GetType().Name})"));
        }
        return state.ToOffer();
    }

    private async ValueTask RunAsync(OfferState state, LeaseHolder lease, QueueEntry entry, Destination.Hosts destination, RelayRoute? route, CancellationToken cancellationToken)
    {
        var port = route?.Port ?? _options.Port;
        foreach (var host in destination.Candidates)
        {
            if (state.Open.Count == 0 || state.Dials >= _options.MaxDials || state.Sessions >= _options.MaxSessions) break;
            if (providers.RestOf(host) is { } rest)
            {
                state.HostFailed(host.Name, new Fate.Postponed("4.4.5", $"450 4.4.5 Left alone until {Clock(rest.Until)}, since it said: {rest.Reply}", rest.Until));
                continue;
            }
            var judged = route is null
                ? await policies.DecideAsync(destination, host, port, RelayedMessage.NeedsRequireTls(entry), cancellationToken)
                : await policies.DecideRoutedAsync(new TlsPolicyOverride(route.Tls), destination, host, port, RelayedMessage.NeedsRequireTls(entry), cancellationToken);
            switch (judged)
            {
                // RFC 8689 §4.2.2: what DANE and MTA-STS forbid; what the administrator says for the domain stays.
                case { Source: TlsPolicySource.Dane or TlsPolicySource.Sts, Report: var report } when entry.TlsOptional:
                    await OfferToHostAsync(state, lease, entry, destination, route, port, host, Anyway(report), cancellationToken);
                    break;
                case TlsDecision.Skip skip:
                    tlsReports.Skipped(destination.Domain, host, skip);
                    state.HostFailed(host.Name, skip.Permanent ? new Fate.Refused(skip.Status, $"550 {skip.Status} {skip.Reason}") : new Fate.Postponed(skip.Status, $"450 {skip.Status} {skip.Reason}"));
                    break;
                case TlsDecision.Connect connect:
                    await OfferToHostAsync(state, lease, entry, destination, route, port, host, connect, cancellationToken);
                    break;
            }
        }
    }

    private static TlsDecision.Connect Anyway(ReportedPolicy report) => new(new TlsPolicy.Opportunistic(), TlsPolicySource.RequireTls, RequireTls: false, Tested: null, report, []);

    private async ValueTask OfferToHostAsync(OfferState state, LeaseHolder lease, QueueEntry entry, Destination.Hosts destination, RelayRoute? route, int port, MailHost host, TlsDecision.Connect decision, CancellationToken cancellationToken)
    {
        SmtpCredential? credential = route?.Login is { } login ? new SmtpCredential.Password(login.User, await login.ReadPasswordAsync(cancellationToken)) : null;
        foreach (var address in host.Addresses)
        {
            if (state.Dials >= _options.MaxDials) return;
            var target = new DialTarget(new IPEndPoint(address, port), host.Name, decision.Policy, decision.Tested, route?.ImplicitTls ?? false, route?.Lmtp ?? false, credential);
            if (pool.Take(target) is { } pooled)
            {
                metrics.ConnectionReused();
                // A server may close what it thinks idle in the moment in which we use it: nothing is known then, and it is dialed.
                if (await OfferAsync(state, lease, entry, host, pooled, reused: true, cancellationToken)) return;
            }
            state.Dials++;
            var session = await DialAsync(state, destination, host, decision, target, cancellationToken);
            if (session is null)
            {
                if (state.LastHostRefused) return;
                continue;
            }
            state.Sessions++;
            if (await OfferAsync(state, lease, entry, host, session, reused: false, cancellationToken) || state.Sessions >= _options.MaxSessions) return;
        }
    }

    /// <summary>Null when there is no session; the state then knows why.</summary>
    private async ValueTask<PooledSession?> DialAsync(OfferState state, Destination.Hosts destination, MailHost host, TlsDecision.Connect decision, DialTarget target, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var outcome = await dialer.DialAsync(target, cancellationToken);
        tlsReports.Dialed(destination.Domain, host, target, decision, outcome);
        metrics.Dialed(outcome, time.GetElapsedTime(started));
        var where = Where(host, target.EndPoint.Address);
        state.LastHostRefused = false;
        switch (outcome)
        {
            case DialOutcome.Connected connected:
                state.Connected();
                if (connected.TlsFault is { Type: not TlsFailure.StartTlsNotSupported } fault) state.Step($"{where}: in the clear, as there is no TLS: {fault.Detail}");
                return ConnectionPool.Opened(target, connected, time.GetUtcNow());
            case DialOutcome.Unreachable unreachable:
                state.HostFailed(where, new Fate.Postponed("4.4.1", $"450 4.4.1 {where} cannot be reached: {unreachable.Reason}"));
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.Refused refused }:
                state.LastHostRefused = true;
                state.HostFailed(where, Judge(host, refused.Reply, refused.Reply.IsPermanent), $"{Stage(refused.Stage)}: ");
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.TlsFailed failed } when decision.RequireTls:
                // RFC 8689 §4.2.1: where no host has it, the sender is told at once, and need not wait for days.
                state.HostFailed(where, new Fate.Refused("5.7.10", $"550 5.7.10 {where} has not the TLS that the sender requires: {failed.Fault.Detail}"));
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.TlsFailed failed }:
                state.HostFailed(where, new Fate.Postponed("4.7.5", $"450 4.7.5 {where} has not the TLS that it needs: {failed.Fault.Detail}"));
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.NoMechanism none }:
                state.HostFailed(where, new Fate.Postponed("4.7.0", $"450 4.7.0 {where} takes no credential of ours: {none.Reason}"));
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.Lost lost }:
                state.HostFailed(where, Of(where, lost.Loss));
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>True when the host has said what it has to say; false when the connection failed, and another address may be tried.</summary>
    private async ValueTask<bool> OfferAsync(OfferState state, LeaseHolder lease, QueueEntry entry, MailHost host, PooledSession session, bool reused, CancellationToken cancellationToken)
    {
        var where = $"{Where(host, session.Connection.Transport.RemoteEndPoint.Address)}, {session.Protection}";
        try
        {
            // Not before somebody listens: a signature reads the whole message.
            var message = state.Message ??= await preparation.AsReceivedAsync(entry, cancellationToken);
            var left = state.Open.ToList();
            while (left.Count > 0 && session.Connection.IsUsable)
            {
                var chunk = left.Take(_options.MaxRecipients).ToList();
                left.RemoveRange(0, chunk.Count);
                if (Unfit(session, entry) is { } unfit)
                {
                    state.Settle(chunk, where, unfit, final: false);
                    continue;
                }
                // The commit is under way while the envelope and the octets are; the end of the message waits for it.
                var intent = state.Intended == host.Name && lease.Current.ExpiresAt - time.GetUtcNow() > ClockDifference ? Task.CompletedTask : IntendAsync(lease, chunk, host.Name, cancellationToken).AsTask();
                var outgoing = message.For(chunk, session.Connection.Capabilities.RequireTls && session.Opened.Session.Tls is { Verified: true }, async token => await intent.WaitAsync(token));
                SendOutcome sent;
                try { sent = await session.Connection.SendAsync(outgoing, cancellationToken); }
                finally { await intent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); }
                switch (sent)
                {
                    case SendOutcome.Unsuitable { Lacks: ServerLack.EightBitMime }:
                        var (seven, refusal) = await preparation.InSevenBitsAsync(message, cancellationToken);
                        if (seven is null) state.Settle(chunk, where, refusal!, final: false);
                        else (message, left) = (seven, [.. chunk, .. left]);
                        break;
                    case SendOutcome.Unsuitable unsuitable:
                        state.Settle(chunk, where, Lacking(unsuitable.Lacks), final: false);
                        break;
                    case SendOutcome.Offered offered:
                        session.Messages++;
                        if (reused && offered.Recipients.All(outcome => outcome is RecipientOutcome.Lost)) return false;
                        reused = false;
                        foreach (var (recipient, outcome) in chunk.Zip(offered.Recipients))
                        {
                            if (outcome is RecipientOutcome.Refused { NextTransaction: true } && session.Connection.IsUsable && chunk.Count > 1) left.Add(recipient);
                            else Settle(state, recipient, outcome, host, where, session);
                        }
                        break;
                }
            }
            return session.Connection.IsUsable || state.HasAnswer;
        }
        finally
        {
            pool.GiveBack(session);
        }
    }

    private void Settle(OfferState state, QueueRecipient recipient, RecipientOutcome outcome, MailHost host, string where, PooledSession session)
    {
        switch (outcome)
        {
            case RecipientOutcome.Accepted accepted:
                providers.Well(host);
                state.Settle([recipient], where, new Fate.Relayed(accepted.Reply, session.Connection.Capabilities, accepted.ReadAt) { Host = host.Name }, final: true);
                break;
            case RecipientOutcome.Refused refused:
                state.Settle([recipient], where, Judge(host, refused.Reply, refused.IsPermanent), final: refused.IsPermanent);
                break;
            case RecipientOutcome.Unsendable unsendable:
                state.Settle([recipient], where, new Fate.Refused("5.6.0", $"554 5.6.0 The message cannot be sent to {host.Name}: {unsendable.Reason}"), final: true);
                break;
            case RecipientOutcome.Unknown unknown:
                // Offering it to another host now would double it more likely than not.
                state.Settle([recipient], where, Of(where, unknown.Loss) with { Uncertain = true }, final: true);
                break;
            case RecipientOutcome.Lost lost:
                state.Lost(recipient, where, Of(where, lost.Loss));
                break;
        }
    }

    /// <summary>Soon the server may have the message: it is written down before, so that whoever comes after a crash knows.</summary>
    /// <exception cref="LeaseLostException">Another worker has the entry: what is about to be sent must not be.</exception>
    public async ValueTask IntendAsync(LeaseHolder lease, IReadOnlyList<QueueRecipient> recipients, string host, CancellationToken cancellationToken)
    {
        if (!await queue.IntendAsync(lease.Current, [.. recipients.Select(recipient => recipient.Recipient.Address)], host, cancellationToken)) throw new LeaseLostException();
    }

    private Fate Judge(MailHost host, RemoteReply reply, bool permanent)
    {
        var rule = permanent ? null : schedules.RuleFor(reply.ToString());
        DateTimeOffset? retryAt = rule?.RetryAfter is { } after ? time.GetUtcNow() + after : null;
        if (rule?.TooMany == true)
        {
            var until = providers.TooMany(host, reply.ToString());
            logger.ProviderRests(ProviderRests.ProviderOf(host), until, reply.ToString());
            retryAt ??= until;
        }
        return Fate.Of(reply, permanent, host.Name, retryAt);
    }

    /// <summary>RFC 2852 §4.1.4.1: in mode R it goes only to servers that can keep the time.</summary>
    private Fate.Refused? Unfit(PooledSession session, QueueEntry entry)
    {
        if (entry.DeliverBy is not { Mode: Envelopes.DeliverByMode.Return } by) return null;
        var capabilities = session.Connection.Capabilities;
        if (!capabilities.DeliverBy) return new Fate.Refused("5.4.7", "550 5.4.7 The next server cannot keep the time within which the message has to be delivered or returned (RFC 2852)");
        return by.At - time.GetUtcNow() < capabilities.DeliverByMinimum ? new Fate.Refused("5.4.7", "550 5.4.7 The next server needs more time than is left for the message (RFC 2852)") : null;
    }

    private static Fate.Refused Lacking(ServerLack lack) => lack switch
    {
        _ when lack.HasFlag(ServerLack.RequireTls) => new Fate.Refused("5.7.30", "550 5.7.30 REQUIRETLS is needed, and the next server does not offer it (RFC 8689)"),
        _ when lack.HasFlag(ServerLack.Size) => new Fate.Refused("5.3.4", "552 5.3.4 The message is larger than the next server takes"),
        _ when lack.HasFlag(ServerLack.SmtpUtf8) => new Fate.Refused("5.6.7", "553 5.6.7 SMTPUTF8 is needed, and the next server does not offer it (RFC 6531)"),
        _ => new Fate.Refused("5.6.3", "554 5.6.3 The message is not 7bit, and the next server takes nothing else"),
    };

    private static Fate.Postponed Of(string where, ConnectionLoss loss)
        => new("4.4.2", $"450 4.4.2 The connection to {where} was lost {(loss.Reason == LossReason.TimedOut ? "waiting" : "")} {Stage(loss.Stage)}: {loss.Detail}".Replace("  ", " ", StringComparison.Ordinal));

    private static string Stage(SmtpStage stage) => stage switch
    {
        SmtpStage.Greeting => "at the greeting",
        SmtpStage.Hello => "at EHLO",
        SmtpStage.StartTls => "at STARTTLS",
        SmtpStage.Auth => "at AUTH",
        SmtpStage.Mail => "at MAIL",
        SmtpStage.Rcpt => "at RCPT",
        SmtpStage.Data => "at DATA",
        SmtpStage.Text => "in the message",
        SmtpStage.EndOfText => "after the message",
        _ => "at " + stage.ToString().ToUpperInvariant(),
    };

    private static string Where(MailHost host, IPAddress address) => host.IsAddressLiteral ? host.Name : $"{host.Name} [{address}]";

    private static string Clock(DateTimeOffset at) => at.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
