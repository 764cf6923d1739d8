using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Client.Commands;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>
/// One mail transaction, in this order:
/// <list type="number">
/// <item>RSET, where the last one did not come to its end;</item>
/// <item>MAIL, RCPT for each recipient and DATA, in groups where the server has PIPELINING (RFC 2920), one by one where it has not;</item>
/// <item>the octets, by BDAT where the server has CHUNKING (RFC 3030), else by DATA;</item>
/// <item>the reply, or those of LMTP.</item>
/// </list>
/// </summary>
internal sealed class Transaction(ClientWire wire, SmtpClientOptions options, SmtpCapabilities capabilities, OutgoingMessage message)
{
    // With the longest commands and usual replies a group is 50 KB in either direction: less than sockets buffer, so that both sides never wait for each other (RFC 2920 §3.1).
    private const int GroupSize = 50;

    private readonly IReadOnlyList<EnvelopeRecipient> _recipients = message.Envelope.Recipients;
    private readonly RecipientOutcome?[] _outcomes = new RecipientOutcome?[message.Envelope.Recipients.Count];

    // Places of the recipients that the server said yes to, in their order.
    private readonly List<int> _accepted = [];
    private bool _mailRefused;
    private bool _invited;

    /// <summary>The connection can be used for another transaction.</summary>
    public bool IsConnectionUsable { get; private set; } = true;

    /// <summary>The server may still be in this transaction: the next one begins with RSET.</summary>
    public bool NeedsReset { get; private set; }

    public async ValueTask<IReadOnlyList<RecipientOutcome>> RunAsync(bool reset, CancellationToken cancellationToken)
    {
        var startedAt = wire.Time.GetTimestamp();
        if (await BeginAsync(reset, cancellationToken).ConfigureAwait(false) && await OfferAsync(cancellationToken).ConfigureAwait(false))
        {
            var text = new TextSender(wire, options, message, startedAt);
            var end = capabilities.Chunking ? await text.SendChunksAsync(cancellationToken).ConfigureAwait(false) : await text.SendDottedAsync(cancellationToken).ConfigureAwait(false);
            await EndAsync(end, cancellationToken).ConfigureAwait(false);
        }
        return [.. _outcomes.Select(Final)];
    }

    /// <summary>False when the connection did not live until now.</summary>
    private async ValueTask<bool> BeginAsync(bool reset, CancellationToken cancellationToken)
    {
        var stage = reset ? SmtpStage.Rset : SmtpStage.Mail;
        // What comes between two transactions is a goodbye, and surely no answer to what follows.
        if (wire.HasInput()) return Take(await wire.ReadAsync(stage, options.RsetTimeout, cancellationToken).ConfigureAwait(false), stage) is { } unasked && Lose(ClientWire.Unexpected(stage, unasked));
        if (!reset) return true;
        var reply = Take(await wire.AskAsync("RSET", stage, options.RsetTimeout, cancellationToken).ConfigureAwait(false), stage);
        return reply is not null && (reply.IsPositive || Lose(ClientWire.Unexpected(stage, reply)));
    }

    /// <summary>The envelope. True when the octets are to follow.</summary>
    private async ValueTask<bool> OfferAsync(CancellationToken cancellationToken)
    {
        NeedsReset = true;
        var commands = Commands();
        for (var next = 0; next < commands.Count && !_mailRefused;)
        {
            var count = Math.Min(capabilities.Pipelining ? GroupSize : 1, commands.Count - next);
            if (count == 1 && commands[next].Stage == SmtpStage.Data && _accepted.Count == 0) break;
            if (!await ExchangeAsync(commands.GetRange(next, count), cancellationToken).ConfigureAwait(false)) return false;
            next += count;
        }
        if (_mailRefused) NeedsReset = false;
        if (_accepted.Exists(place => _outcomes[place] is null)) return capabilities.Chunking || _invited;
        // Invited without a recipient: a dot alone ends it, and the reply means nothing (RFC 2920 §3.1).
        if (_invited && Take(await wire.AskAsync(".", SmtpStage.EndOfText, options.EndTimeout, cancellationToken).ConfigureAwait(false), SmtpStage.EndOfText) is not null) NeedsReset = false;
        return false;
    }

    private List<(SmtpStage Stage, int Place)> Commands()
    {
        var commands = new List<(SmtpStage, int)> { (SmtpStage.Mail, 0) };
        commands.AddRange(_recipients.Select((_, place) => (SmtpStage.Rcpt, place)));
        if (!capabilities.Chunking) commands.Add((SmtpStage.Data, 0));
        return commands;
    }

    /// <summary>Sends commands and reads their replies, in the same order. False when the connection is of no more use.</summary>
    private async ValueTask<bool> ExchangeAsync(List<(SmtpStage Stage, int Place)> commands, CancellationToken cancellationToken)
    {
        foreach (var (stage, place) in commands)
        {
            wire.Write(stage switch
            {
                SmtpStage.Mail => MailLine.Write(message, capabilities, wire.Time.GetUtcNow()),
                SmtpStage.Rcpt => RcptLine.Write(_recipients[place], capabilities, message.Envelope.DeliverBy),
                _ => "DATA",
            });
        }
        var loss = await wire.FlushAsync(commands[0].Stage, Timeout(commands[0].Stage), cancellationToken).ConfigureAwait(false);
        foreach (var (stage, place) in commands)
        {
            // A server that closes may have said why, before we wrote.
            var answer = await wire.ReadAsync(stage, loss is null ? Timeout(stage) : ClientWire.LastWords, cancellationToken).ConfigureAwait(false);
            if (Take(loss is not null && answer is Answer.Lost ? new Answer.Lost(loss) : answer, stage) is not { } reply) return false;
            if (!Apply(reply, stage, place)) return Lose(ClientWire.Unexpected(stage, reply));
        }
        return loss is null || Lose(loss);
    }

    private TimeSpan Timeout(SmtpStage stage) => stage switch
    {
        SmtpStage.Mail => options.MailTimeout,
        SmtpStage.Rcpt => options.RcptTimeout,
        _ => options.DataTimeout,
    };

    /// <summary>False for a reply that is none to this command.</summary>
    private bool Apply(RemoteReply reply, SmtpStage stage, int place)
    {
        var refused = reply.IsTransient || reply.IsPermanent;
        switch (stage)
        {
            case SmtpStage.Mail:
                _mailRefused = refused;
                if (refused) CloseOpen(new RecipientOutcome.Refused(stage, reply));
                return refused || reply.IsPositive;
            // After a refused MAIL a server may say anything to them, and it means nothing.
            case SmtpStage.Rcpt when _mailRefused:
                return refused || reply.IsPositive;
            case SmtpStage.Rcpt:
                if (refused) _outcomes[place] = new RecipientOutcome.Refused(stage, reply);
                else _accepted.Add(place);
                return refused || reply.IsPositive;
            default:
                if (refused) CloseOpen(new RecipientOutcome.Refused(stage, reply));
                _invited = reply.IsIntermediate;
                return refused || _invited;
        }
    }

    private async ValueTask EndAsync(TextEnd end, CancellationToken cancellationToken)
    {
        switch (end)
        {
            case TextEnd.Sent sent:
                await ReadVerdictsAsync(sent.Loss, cancellationToken).ConfigureAwait(false);
                break;
            case TextEnd.Refused refused:
                CloseOpen(new RecipientOutcome.Refused(SmtpStage.Text, refused.Reply));
                IsConnectionUsable = refused.InSequence && !refused.Reply.ClosesChannel;
                break;
            case TextEnd.Lost lost:
                Lose(lost.Loss);
                break;
            case TextEnd.Unsendable unsendable:
                CloseOpen(new RecipientOutcome.Unsendable(unsendable.Reason));
                IsConnectionUsable = false;
                break;
        }
    }

    /// <summary>One reply for all, or of LMTP one for each recipient that was accepted (RFC 2033 §4.2).</summary>
    private async ValueTask ReadVerdictsAsync(ConnectionLoss? loss, CancellationToken cancellationToken)
    {
        NeedsReset = false;
        IsConnectionUsable = loss is null;
        var places = new Queue<int>(_accepted.Where(place => _outcomes[place] is null));
        while (places.Count > 0)
        {
            var verdict = await ReadVerdictAsync(loss, cancellationToken).ConfigureAwait(false);
            var count = options.Lmtp && verdict is not RecipientOutcome.Unknown ? 1 : places.Count;
            for (; count > 0; count--) _outcomes[places.Dequeue()] = verdict;
        }
    }

    private async ValueTask<RecipientOutcome> ReadVerdictAsync(ConnectionLoss? loss, CancellationToken cancellationToken)
    {
        Answer answer;
        try { answer = await wire.ReadAsync(SmtpStage.EndOfText, loss is null ? options.EndTimeout : ClientWire.LastWords, cancellationToken).ConfigureAwait(false); }
        catch (OperationCanceledException) { answer = new Answer.Lost(new ConnectionLoss(SmtpStage.EndOfText, LossReason.Cancelled, "We were asked to stop")); }
        var reply = (answer as Answer.Replied)?.Reply;
        if (reply is null or { IsIntermediate: true } or { ClosesChannel: true }) IsConnectionUsable = false;
        return reply switch
        {
            null => new RecipientOutcome.Unknown(loss ?? ((Answer.Lost)answer).Loss),
            { IsPositive: true } => new RecipientOutcome.Accepted(reply, wire.Time.GetTimestamp()),
            { IsIntermediate: true } => new RecipientOutcome.Unknown(ClientWire.Unexpected(SmtpStage.EndOfText, reply)),
            _ => new RecipientOutcome.Refused(SmtpStage.EndOfText, reply),
        };
    }

    /// <summary>The reply; null when the connection is at its end, and with it all that is open.</summary>
    private RemoteReply? Take(Answer answer, SmtpStage stage)
    {
        if (answer is Answer.Lost lost)
        {
            Lose(lost.Loss);
            return null;
        }
        var reply = ((Answer.Replied)answer).Reply;
        if (!reply.ClosesChannel) return reply;
        IsConnectionUsable = false;
        if (reply.Code == 421) CloseOpen(new RecipientOutcome.Refused(stage, reply));
        else Lose(ClientWire.Unexpected(stage, reply));
        return null;
    }

    /// <summary>Always false.</summary>
    private bool Lose(ConnectionLoss loss)
    {
        IsConnectionUsable = false;
        CloseOpen(new RecipientOutcome.Lost(loss));
        return false;
    }

    private void CloseOpen(RecipientOutcome outcome)
    {
        for (var place = 0; place < _outcomes.Length; place++) _outcomes[place] ??= outcome;
    }

    /// <summary>Too many at once, where others were taken: RFC 5321 §4.5.3.1.10, with the enhanced code X.5.3 or none.</summary>
    private RecipientOutcome Final(RecipientOutcome? outcome)
        => outcome is RecipientOutcome.Refused { Stage: SmtpStage.Rcpt } refused && _accepted.Count > 0 && IsTooMany(refused.Reply)
            ? refused with { NextTransaction = true }
            : outcome ?? throw new System.Diagnostics.UnreachableException();

    private static bool IsTooMany(RemoteReply reply) => reply.Enhanced is { } enhanced ? enhanced.EndsWith(".5.3", StringComparison.Ordinal) : reply.Code is 452 or 552;
}
