using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.Protocols.Wire;
using Merpati.SmtpIngress.Acceptance;
using Merpati.SmtpIngress.Door;
using Merpati.SmtpIngress.Recipients;
using Merpati.SmtpIngress.Scanners;
using Merpati.SmtpIngress.Senders;
using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress.Sessions;

/// <summary>One connection's decisions: asks the policies, and hands the message to acceptance.</summary>
internal sealed class IngressSession(SmtpRole role, ITransport transport, IDirectory directory, DoorPolicy door, HiddenClients hidden, Greylist greylist, SenderPolicy senders, RecipientPolicy recipients,
    MessageAcceptance acceptance, StoreRoom room, IngressMetrics metrics, TimeProvider time, ILogger logger) : ISmtpSession, IAsyncDisposable
{
    private bool _isGreeted;
    private MessageScan? _scan;

    public async ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken)
    {
        var client = peer.RemoteEndPoint.Address;
        if (role == SmtpRole.Mx && !_isGreeted) hidden.See(client);
        if (door.Connect(role, client) is { } refusal) return refusal;
        if (_isGreeted) return null; // behind a proxy that has waited already
        _isGreeted = true;
        var delay = door.GreetDelay(role, client);
        return delay > TimeSpan.Zero && await EarlyTalker.SpokeAsync(transport, delay, time, cancellationToken).ConfigureAwait(false) ? door.Refuse(client, Replies.EarlyTalker, "early-talker") : null;
    }

    public SaslServer? StartSasl(SmtpPeer peer, string mechanism) => SaslServer.Create(mechanism, directory, LoginProtocol.Submission, peer.RemoteEndPoint.Address);

    public async ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken)
        => EmailAddress.TryParse(login, out var address) ? await directory.FindAccountAsync(address, cancellationToken).ConfigureAwait(false) : null;

    public async ValueTask<SmtpReply?> MailAsync(SmtpPeer peer, MailFrom mail, CancellationToken cancellationToken)
    {
        if (room.IsFull) return Replies.StoreFull;
        if (door.Mail(role, peer, mail.ReversePath) is { } refusal) return refusal;
        if (peer.Account is { } account && await senders.JudgeAsync(account, mail.ReversePath, cancellationToken).ConfigureAwait(false) is { } objection) return objection;
        // What became of the message before does not matter: whoever looked at it is done.
        if (_scan is not null) await _scan.DisposeAsync().ConfigureAwait(false);
        _scan = acceptance.Scanners.Begin(role, peer, mail);
        return _scan is null ? null : await _scan.MailAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<RcptVerdict> RcptAsync(SmtpPeer peer, MailFrom mail, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        if (door.Rcpt(role, peer, mail.ReversePath, recipient.Address) is { } refusal) return new RcptVerdict.Refused(refusal);
        var verdict = await recipients.JudgeAsync(role, peer, mail.ReversePath, recipient, cancellationToken).ConfigureAwait(false);
        if (verdict is RcptVerdict.Refused { Reply: var reply } && reply == Replies.UnknownUser) door.CountUnknown(role, peer, mail.ReversePath, recipient.Address);
        if (verdict is RcptVerdict.Accepted && role == SmtpRole.Mx && await greylist.JudgeAsync(peer, mail.ReversePath, recipient.Address, cancellationToken).ConfigureAwait(false) is { } wait)
        {
            return new RcptVerdict.Refused(door.Refuse(peer.RemoteEndPoint.Address, Replies.Greylisted(wait), "greylisted"));
        }
        return verdict is RcptVerdict.Accepted { Recipient: var accepted } && _scan is not null && await _scan.RcptAsync(accepted, cancellationToken).ConfigureAwait(false) is { } objection
            ? new RcptVerdict.Refused(objection)
            : verdict;
    }

    public ValueTask<BodyVerdict> BeginBodyAsync(SmtpPeer peer, Envelope envelope, CancellationToken cancellationToken)
        => acceptance.BeginAsync(role, peer, envelope, _scan, cancellationToken);

    public ValueTask DisposeAsync() => _scan?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void OnRefusal(SmtpPeer peer, string verb, SmtpReply reply)
    {
        metrics.CountRefusal(role, verb, reply.Code);
        // A refused recipient has a log line of its own, with its address.
        if (verb != "RCPT") logger.Refused(verb, peer.RemoteEndPoint.Address, reply);
    }
}
