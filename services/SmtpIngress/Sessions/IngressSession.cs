using System.Net;
using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp;
using Merpati.Protocols.Smtp.Commands;
using Merpati.SmtpIngress.Acceptance;
using Merpati.SmtpIngress.Recipients;
using Merpati.SmtpIngress.Senders;
using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress.Sessions;

/// <summary>One connection's decisions: asks the policies, and hands the message to acceptance.</summary>
internal sealed class IngressSession(SmtpRole role, IPAddress client, IDirectory directory, SenderPolicy senders, RecipientPolicy recipients,
    MessageAcceptance acceptance, StoreRoom room, IngressMetrics metrics, ILogger logger) : ISmtpSession
{
    public ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken) => default;

    public SaslServer? StartSasl(string mechanism) => SaslServer.Create(mechanism, directory, LoginProtocol.Submission, client);

    public async ValueTask<SmtpReply?> MailAsync(SmtpPeer peer, MailFrom mail, CancellationToken cancellationToken)
    {
        if (room.IsFull) return Replies.StoreFull;
        return peer.Account is { } account ? await senders.JudgeAsync(account, mail.ReversePath, cancellationToken).ConfigureAwait(false) : null;
    }

    public ValueTask<RcptVerdict> RcptAsync(SmtpPeer peer, MailFrom mail, EnvelopeRecipient recipient, CancellationToken cancellationToken)
        => recipients.JudgeAsync(role, recipient, cancellationToken);

    public ValueTask<BodyVerdict> BeginBodyAsync(SmtpPeer peer, Envelope envelope, CancellationToken cancellationToken)
        => acceptance.BeginAsync(role, peer, envelope, cancellationToken);

    public void OnRefusal(SmtpPeer peer, string verb, SmtpReply reply)
    {
        metrics.CountRefusal(role, verb, reply.Code);
        // A refused recipient has a log line of its own, with its address.
        if (verb != "RCPT") logger.Refused(verb, client, reply);
    }
}
