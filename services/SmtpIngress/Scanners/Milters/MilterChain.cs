using Merpati.Envelopes;
using Merpati.Mail.Policy;
using Merpati.Protocols.Milter;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;

namespace Merpati.SmtpIngress.Scanners.Milters;

/// <summary>The filters of one transaction, in the order of the configuration: each sees the message as the one before left it.</summary>
internal sealed class MilterChain(IReadOnlyList<MilterFilter> filters, ContentScanners all, MailFrom mail) : IAsyncDisposable
{
    public async ValueTask<SmtpReply?> MailAsync(CancellationToken cancellationToken)
    {
        foreach (var filter in filters)
        {
            if (RefusalOf(filter, await filter.BeginAsync(mail, cancellationToken).ConfigureAwait(false)) is { } refusal) return refusal;
        }
        return null;
    }

    public async ValueTask<SmtpReply?> RcptAsync(EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        foreach (var filter in filters)
        {
            if (RefusalOf(filter, await filter.RcptAsync(recipient, cancellationToken).ConfigureAwait(false)) is { } refusal) return refusal;
        }
        return null;
    }

    /// <summary>Their answers, and the message as they left it.</summary>
    public async ValueTask<(IReadOnlyList<ScanAnswer> Answers, MessageEdit Edit)> RunAsync(ScannedMessage message, MessageEdit edit, CancellationToken budget, CancellationToken cancellationToken)
    {
        var answers = new List<ScanAnswer>();
        foreach (var filter in filters)
        {
            using var run = new ScanRun(all, filter.Options, message.Id);
            if (filter.IsResting) answers.Add(run.Resting());
            else if (filter is { Ended: null, Fault: null } && run.IsTooBig(message.Size)) answers.Add(run.TooBig());
            else
            {
                var attempt = edit.Copy();
                answers.Add(await RunAsync(filter, run, message, attempt, budget, cancellationToken).ConfigureAwait(false));
                // Of one that failed half way nothing counts.
                if (answers[^1].Result != ScanAnswer.Away) edit = attempt;
            }
            // Who comes after a refusal would look in vain.
            if (answers[^1].Asks is PolicyAction.Reject or PolicyAction.Defer) break;
        }
        await DisposeAsync().ConfigureAwait(false);
        return (answers, edit);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var filter in filters) await filter.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<ScanAnswer> RunAsync(MilterFilter filter, ScanRun run, ScannedMessage message, MessageEdit edit, CancellationToken budget, CancellationToken cancellationToken)
    {
        var changes = new MilterEdit(edit, filter, all);
        await using var closing = changes.ConfigureAwait(false);
        var before = edit.Envelope;
        try
        {
            await filter.MessageAsync(message.Id, changes, budget).ConfigureAwait(false);
            if (filter.Fault is { } fault)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return run.Away(fault);
            }
            await changes.CompleteAsync(budget).ConfigureAwait(false);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested) { return run.Away(fault); }
        if (edit.Envelope.Recipients.Count > 0) return run.End(AnswerOf(filter.Options.Name, filter.Ended, changes.Quarantine));
        // Nobody is left: it is held instead, for mail that was taken does not vanish.
        edit.Envelope = edit.Envelope with { Recipients = before.Recipients };
        return run.End(AnswerOf(filter.Options.Name, new MilterReply.Discard(), null));
    }

    private static ScanAnswer AnswerOf(string name, MilterReply? reply, string? quarantine) => reply switch
    {
        MilterReply.Reject => new ScanAnswer(name, "reject") { Asks = PolicyAction.Reject },
        MilterReply.TemporaryFailure => new ScanAnswer(name, "tempfail") { Asks = PolicyAction.Defer },
        MilterReply.Refuse { Code: >= 500 } refusal => new ScanAnswer(name, "reject") { Asks = PolicyAction.Reject, Reply = Words(refusal) },
        MilterReply.Refuse refusal => new ScanAnswer(name, "tempfail") { Asks = PolicyAction.Defer, Reply = Words(refusal) },
        // It is held, not thrown away: mail that was taken does not vanish.
        MilterReply.Discard => new ScanAnswer(name, "discard") { Asks = PolicyAction.Quarantine },
        _ when quarantine is not null => new ScanAnswer(name, "quarantine") { Asks = PolicyAction.Quarantine },
        _ => new ScanAnswer(name, "accept"),
    };

    private static string Words(MilterReply.Refuse refusal) => $"{refusal.Enhanced ?? (refusal.Code >= 500 ? "5.7.1" : "4.7.1")} {refusal.Text}";

    private SmtpReply? RefusalOf(MilterFilter filter, MilterReply? reply)
    {
        var refusal = reply switch
        {
            MilterReply.Reject => new SmtpReply(550, "5.7.1", "Refused by a filter of this server"),
            MilterReply.TemporaryFailure => new SmtpReply(451, "4.7.1", "Refused for now by a filter of this server, try again later"),
            MilterReply.Refuse { Code: var code } words => new SmtpReply(code, words.Enhanced ?? (code >= 500 ? "5.7.1" : "4.7.1"), words.Text.Length > 0 ? words.Text : "Refused by a filter of this server"),
            _ => null,
        };
        if (refusal is not null) all.Logger.FilterRefused(filter.Options.Name, refusal);
        return refusal;
    }
}
