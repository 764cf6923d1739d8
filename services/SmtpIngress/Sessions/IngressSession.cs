using Merpati.Accounts;
using Merpati.Addresses;
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
internal sealed class IngressSession(SmtpRole role, IDirectory directory, SenderPolicy senders, RecipientPolicy recipients,
    MessageAcceptance acceptance, StoreRoom room, IngressMetrics metrics, ILogger logger) : ISmtpSession
{
    public ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken) => default;

    public SaslServer? StartSasl(SmtpPeer peer, string mechanism) => SaslServer.Create(mechanism, directory, LoginProtocol.Submission, peer.RemoteEndPoint.Address);

    public async ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken)
        => EmailAddress.TryParse(login, out var address) && await directory.ResolveAsync(address, cancellationToken).ConfigureAwait(false) is Resolution.LocalAccount { Account: var account } && account.Address.Equals(address) ? account : null;

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
        if (verb != "RCPT") logger.Refused(verb, peer.RemoteEndPoint.Address, reply);
    }
}
