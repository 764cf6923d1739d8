using System.Diagnostics;
using System.Text;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mail.Policy;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;
using Merpati.SmtpIngress.Checks;
using Merpati.SmtpIngress.Scanners;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>
/// The acceptance of one message. The order is the promise (design §3):
/// <list type="number">
/// <item>the body streams into the content store, <see cref="WriteAsync"/>, while its header is looked at and its signatures are hashed;</item>
/// <item>the content is committed: durable, and a binary message is made one of lines;</item>
/// <item>who sends it and what it holds is judged, side by side; what scanners want to be different becomes a content of its own;</item>
/// <item>the queue entry is committed: from here on the message is ours, and the timeline says so;</item>
/// <item>the reply is 250;</item>
/// <item>the bell rings.</item>
/// </list>
/// Before step 4 is done every fault is a temporary refusal and the message stays the client's. A content without an entry is left to the collector:
/// after a fault nobody knows whether the entry exists, and a content that is deleted in error is mail that is lost.
/// </summary>
internal sealed class AcceptMessage(MessageAcceptance acceptance, SmtpRole role, SmtpPeer peer, Envelope envelope, QueueId id, Activity? activity, IContentWriter writer, MessageCheck? check, MessageScan? scan) : IBodyReceiver
{
    private readonly HeaderInspector _header = new(acceptance.Options.MaxHeaderSize);
    private readonly long _startedAt = acceptance.Time.GetTimestamp();
    private bool _hasEightBits;

    // As the client said it, until a filter wants it otherwise.
    private Envelope _envelope = envelope;

    // 1. The body streams into the content store.
    public async ValueTask<SmtpReply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        if (!_header.IsComplete)
        {
            _header.Inspect(octets.Span);
            if (ObjectionToHeader() is { } objection) return objection;
        }
        _hasEightBits = _hasEightBits || !System.Text.Ascii.IsValid(octets.Span);
        check?.Write(octets.Span);
        try
        {
            await writer.WriteAsync(octets, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested) { return acceptance.ReplyToStore(fault, id); }
    }

    public async ValueTask<SmtpReply> CompleteAsync(CancellationToken cancellationToken)
    {
        // What happens from here on belongs to the message's trace, the stores' spans and the log lines too.
        if (activity is not null) Activity.Current = activity;
        _header.Complete();
        if (ObjectionToHeader() is { } objection) return objection;
        if (await ObjectionToAuthorsAsync(cancellationToken).ConfigureAwait(false) is { } spoof) return spoof;
        QueueRoute[] routes;
        Judged judged;
        long size;
        try
        {
            // 2. The content is committed.
            var content = await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
            if (_envelope.Body == BodyType.BinaryMime)
            {
                (content, var refusal) = await acceptance.Binary.ToLinesAsync(content, cancellationToken).ConfigureAwait(false);
                if (refusal is not null) return refusal;
            }

            // 3. It is judged.
            var (verdict, result) = await LookAsync(content, cancellationToken).ConfigureAwait(false);
            var at = acceptance.Time.GetUtcNow();
            var decision = verdict is null && result is null ? null : Judge(verdict, result, content.Size, at);
            if (decision is not null && ObjectionOf(decision.Verdict) is { } refused)
            {
                await RecordAsync(Subject(id, at, _envelope.Recipients, content.Size, decision), [Event(TimelineStep.Refused, at, $"{Told(verdict, result)}; {Told(decision.Verdict)}")], cancellationToken).ConfigureAwait(false);
                await RemoveAsync(content, cancellationToken).ConfigureAwait(false);
                acceptance.Dmarc.Count(verdict, decision, _envelope.Recipients);
                return refused;
            }
            if (decision?.Verdict.To is { } to && !await acceptance.Routing.IsHereAsync(to, cancellationToken).ConfigureAwait(false))
            {
                acceptance.Logger.RedirectsNowhere(id, decision.Verdict.Rule, to.ToString());
                await RemoveAsync(content, cancellationToken).ConfigureAwait(false);
                return Replies.LocalError;
            }
            judged = new Judged(verdict, result, decision);
            if (result is not null) content = await EditAsync(content, result.Edit, cancellationToken).ConfigureAwait(false);
            size = content.Size;

            // 4. The queue entries are committed; the timeline is written at the same time, and is not worth a message.
            var entries = await acceptance.Routing.SplitAsync(CreateEntry(content, at, judged), mayRelay: role == SmtpRole.Submission && decision?.Verdict.Action != PolicyAction.Quarantine, cancellationToken).ConfigureAwait(false);
            routes = [.. entries.Select(entry => entry.Route).Distinct()];
            var recorded = RecordAsync(entries, at, judged, cancellationToken);
            try { await acceptance.Queue.EnqueueAsync(entries, cancellationToken).ConfigureAwait(false); }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                await recorded.ConfigureAwait(false);
                await RecordAsync(null, [Event(TimelineStep.Refused, acceptance.Time.GetUtcNow(), "the queue did not take it")], cancellationToken).ConfigureAwait(false);
                return acceptance.ReplyToStore(fault, id);
            }
            await recorded.ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested) { return acceptance.ReplyToStore(fault, id); }

        acceptance.Dmarc.Count(judged.Verdict, judged.Decision, _envelope.Recipients);

        // 6. The bell; the reply is on its way when a worker comes.
        foreach (var rung in routes) acceptance.Bell.Ring(rung);
        if (peer.Forwarded is { } client) acceptance.Logger.Forwarded(id, client.ToString(), client.Hello, client.Protocol, client.Identifier);
        acceptance.Door.CountOctets(role, peer, _envelope.ReversePath, size);
        acceptance.Metrics.CountAccepted(role, size, acceptance.Time.GetElapsedTime(_startedAt));
        acceptance.Logger.Accepted(id, size, _envelope.ReversePath.ToString(), _envelope.Recipients.Count, peer.Hello, peer.RemoteEndPoint.Address, TraceHeaders.Protocol(peer, _envelope));

        // 5. The promise.
        return new SmtpReply(250, "2.0.0", $"Ok: queued as {id}");
    }

    public async ValueTask DisposeAsync()
    {
        activity?.Dispose();
        check?.Dispose();
        await writer.DisposeAsync().ConfigureAwait(false);
    }

    private SmtpReply? ObjectionToHeader()
    {
        if (_header.IsTooBig) return Replies.HeaderTooBig;
        return _header.Hops > acceptance.Options.MaxHops ? Replies.Loop : null;
    }

    private async ValueTask<SmtpReply?> ObjectionToAuthorsAsync(CancellationToken cancellationToken)
    {
        if (peer.Account is not { } account) return null;
        return _header.HasOverlongFrom
            ? Replies.FromNotYours
            : await acceptance.Senders.JudgeAuthorsAsync(account, _header.From, _envelope.ReversePath.Address, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The checks and the scanners, side by side.</summary>
    private async ValueTask<(MessageVerdict? Verdict, ScanResult? Result)> LookAsync(ContentInfo content, CancellationToken cancellationToken)
    {
        var checking = check?.CompleteAsync(cancellationToken).AsTask();
        var scanning = scan?.RunAsync(new ScannedMessage(id, role, peer, _envelope, content.Size, acceptance.Options.HostName, (offset, length, token) => acceptance.Contents.OpenAsync(content.Id, offset, length, token), cancellationToken), content, cancellationToken).AsTask();
        await Task.WhenAll(checking ?? Task.CompletedTask, scanning ?? Task.CompletedTask).ConfigureAwait(false);
        return (checking is null ? null : await checking.ConfigureAwait(false), scanning is null ? null : await scanning.ConfigureAwait(false));
    }

    private DecisionCapsule Judge(MessageVerdict? verdict, ScanResult? result, long size, DateTimeOffset at)
    {
        var decision = acceptance.Policy.Judge(id, at, MessageFacts.Of(id, role, peer, _envelope, size, verdict, result, acceptance.Options.Dmarc));
        acceptance.Metrics.CountVerdict(decision.Verdict);
        if (decision.Verdict.Action != PolicyAction.Accept) acceptance.Logger.Judged(id, decision.Verdict.Action.Name(), decision.Verdict.Rule, decision.Policy, decision.Verdict.Score);
        return decision;
    }

    /// <summary>The message as the scanners want it; what it replaces is left to the collector.</summary>
    private async ValueTask<ContentInfo> EditAsync(ContentInfo content, MessageEdit edit, CancellationToken cancellationToken)
    {
        _envelope = edit.Envelope;
        _hasEightBits = _hasEightBits || edit.HasEightBits;
        if (!edit.IsRewritten) return content;
        var (body, offset) = edit.Body;
        var rest = await acceptance.Contents.OpenAsync(body.Id, offset, body.Size - offset, cancellationToken).ConfigureAwait(false);
        await using (rest.ConfigureAwait(false)) content = await acceptance.Contents.StoreAsync(edit.RewrittenHeader, rest, cancellationToken).ConfigureAwait(false);
        acceptance.Logger.Rewritten(id, content.Size);
        return content;
    }

    /// <summary>No entry will ever name it.</summary>
    private async ValueTask RemoveAsync(ContentInfo content, CancellationToken cancellationToken)
    {
        try { await acceptance.Contents.DeleteAsync([content.Id], cancellationToken).ConfigureAwait(false); }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested) { acceptance.Logger.RefusedContentStays(fault, id); }
    }

    /// <summary>The reason by its stable name stands in brackets.</summary>
    private static SmtpReply? ObjectionOf(PolicyVerdict verdict)
    {
        var (code, usual) = verdict.Action switch
        {
            PolicyAction.Reject => (550, "5.7.1 Message refused by the policy of this server"),
            PolicyAction.Defer => (451, "4.7.1 Message refused for now by the policy of this server, try again later"),
            _ => (0, ""),
        };
        return code == 0 || (verdict.Reply ?? usual).Split(' ', 2) is not [var enhanced, var text] ? null : new SmtpReply(code, enhanced, $"{text} [{verdict.Rule}]");
    }

    private static string Told(PolicyVerdict verdict) => $"{verdict.Action.Name()}{(verdict.To is { } to ? $" to {to}" : "")} by {verdict.Rule}{verdict.WithScore}";

    private IEnumerable<QueueRecipient> Recipients(PolicyVerdict? verdict) => verdict switch
    {
        { Action: PolicyAction.Quarantine } => _envelope.Recipients.Select(recipient => new QueueRecipient { Recipient = recipient, State = RecipientState.Held, Detail = VerdictHeader.Quarantined(verdict) }),
        // Another reads it: reports that the sender asked for are about his recipients, and they get nothing.
        { To: { } to } => [new QueueRecipient { Recipient = new EnvelopeRecipient(to) }],
        _ => _envelope.Recipients.Select(recipient => new QueueRecipient { Recipient = recipient }),
    };

    private QueueEntry CreateEntry(ContentInfo content, DateTimeOffset at, Judged judged) => new()
    {
        Id = id,
        Route = QueueRoute.Local,
        Content = content.Id,
        Size = content.Size,
        TraceHeaders = Encoding.UTF8.GetBytes(HeadersToAdd(at, judged)),
        ReversePath = _envelope.ReversePath,
        // What it is, whatever was declared: undeclared octets above 127 are common, and the next hop has to be told of them (RFC 6152 §3).
        Body = _hasEightBits || _envelope.Body == BodyType.BinaryMime ? BodyType.EightBitMime : _envelope.Body,
        SmtpUtf8 = _envelope.SmtpUtf8,
        Return = _envelope.Return,
        EnvelopeId = _envelope.EnvelopeId,
        RequireTls = _envelope.RequireTls,
        // RFC 8689 §4.1: the parameter counts, and the field then not.
        TlsOptional = _header.IsTlsOptional && !_envelope.RequireTls,
        Priority = _envelope.Priority,
        DeliverBy = _envelope.DeliverBy,
        Recipients = [.. Recipients(judged.Decision?.Verdict)],
        Submitter = peer.Account?.Id,
        AcceptedAt = at,
        NextAttemptAt = _envelope.HoldUntil is { } release && release > at ? release : at,
        TraceParent = activity?.Id,
    };

    private string HeadersToAdd(DateTimeOffset at, Judged judged)
    {
        var (verdict, result, decision) = judged;
        var headers = TraceHeaders.Received(peer, _envelope, acceptance.Options.HostName, id, at);
        if (result is not null) headers = result.Header() + headers + result.Edit.Top;
        // Ours is the topmost Authentication-Results in our name: one that the message brought stands below it.
        if (verdict is not null) headers = AuthenticationResults.Write(acceptance.Options.HostName, verdict) + AuthenticationResults.WriteReceivedSpf(acceptance.Options.HostName, verdict) + headers;
        if (decision is { Verdict: var word } && (word.Rule != MailPolicy.NoRule || word.Tags.Count > 0)) headers = VerdictHeader.Write(decision) + headers;
        if (role != SmtpRole.Submission) return headers;
        if (!_header.HasDate) headers += TraceHeaders.MissingDate(at);
        if (_header.MessageId is null) headers += TraceHeaders.MissingMessageId(OwnMessageId);
        return headers;
    }

    private string OwnMessageId => $"<{id}@{acceptance.Options.HostName}>";

    private TimelineSubject Subject(QueueEntry entry, DecisionCapsule? decision) => Subject(entry.Id, entry.AcceptedAt, entry.Recipients.Select(recipient => recipient.Recipient), entry.Size, decision);

    private TimelineSubject Subject(QueueId of, DateTimeOffset at, IEnumerable<EnvelopeRecipient> recipients, long size, DecisionCapsule? decision) => new(of, at, _header.MessageId ?? (role == SmtpRole.Submission ? OwnMessageId : null),
        _envelope.ReversePath.Address?.ToString() ?? "", [.. recipients.Select(recipient => recipient.Address.ToString())], size, peer.RemoteEndPoint.Address.ToString()) { Decision = decision?.ToJson() };

    private TimelineEvent Event(TimelineStep step, DateTimeOffset at, string detail) => new(id, at, step, Recipient: null, detail);

    private string Peer()
        => $"from {peer.Hello} [{peer.RemoteEndPoint.Address}] with {TraceHeaders.Protocol(peer, _envelope)}"
            + (peer.Forwarded is { } client ? $" on behalf of {client}" : "")
            + (_envelope.HoldUntil is { } release ? $", held until {release.UtcDateTime:u}" : "");

    /// <summary>The timeline of the message leads to those of the entries that it was split into, and each of these begins with where it comes from.</summary>
    private async Task RecordAsync(IReadOnlyList<QueueEntry> entries, DateTimeOffset at, Judged judged, CancellationToken cancellationToken)
    {
        var decision = judged.Decision;
        var accepted = Event(TimelineStep.Accepted, at, Told(judged.Verdict, judged.Result) + (decision is null or { Verdict.Rule: MailPolicy.NoRule } ? "" : $"; {Told(decision.Verdict)}"));
        // Who looks for the message knows its recipients, not where it went instead.
        var found = decision?.Verdict.To is null ? Subject(entries[0], decision) : Subject(id, at, _envelope.Recipients.Append(entries[0].Recipients[0].Recipient), entries[0].Size, decision);
        await RecordAsync(found, [accepted, .. Held(decision, at), .. entries.Where(entry => entry.Route == QueueRoute.Relay).Select(entry => accepted with { Step = TimelineStep.Queued, Detail = Waits(entry) })], cancellationToken).ConfigureAwait(false);
        foreach (var entry in entries.Skip(1))
        {
            await RecordAsync(Subject(entry, decision), [accepted with { QueueId = entry.Id, Detail = $"{accepted.Detail}, as a part of {id}" }, accepted with { QueueId = entry.Id, Step = TimelineStep.Queued, Detail = $"for relay to {entry.Destination}" }], cancellationToken).ConfigureAwait(false);
        }
    }

    private string Told(MessageVerdict? verdict, ScanResult? result)
        => Peer() + (verdict is null ? "" : $"; {AuthenticationResults.Summary(verdict)}") + (result is null ? "" : $"; {result.Summary}");

    private IEnumerable<TimelineEvent> Held(DecisionCapsule? decision, DateTimeOffset at)
        => decision?.Verdict.Action == PolicyAction.Quarantine ? [Event(TimelineStep.Held, at, VerdictHeader.Quarantined(decision.Verdict))] : [];

    private string Waits(QueueEntry entry) => $"for relay to {entry.Destination}{(entry.Id == id ? "" : $" as {entry.Id}")}";

    private async Task RecordAsync(TimelineSubject? subject, IReadOnlyList<TimelineEvent> events, CancellationToken cancellationToken)
    {
        try { await acceptance.Journal.AppendAsync(subject, events, cancellationToken).ConfigureAwait(false); }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested) { acceptance.Logger.JournalFault(fault, id); }
    }

    /// <summary>What was found out about the message, and what followed from it.</summary>
    private readonly record struct Judged(MessageVerdict? Verdict, ScanResult? Result, DecisionCapsule? Decision);
}
