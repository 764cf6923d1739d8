using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Smtp.Commands;

namespace Merpati.Protocols.Smtp;

/// <summary>
/// What a service decides for one connection. The engine calls in the order of the protocol and never two at a time:
/// Connect, then for each message Mail, Rcpt once or more, BeginBody. A transaction that is dropped (RSET, EHLO, the connection's end) just does not go on.
/// A refusal is a reply; an exception is a fault, which the client sees as 451 4.3.0.
/// </summary>
public interface ISmtpSession
{
    /// <summary>
    /// Null greets the client; a reply refuses it (554, or 421) and the connection ends.
    /// Called again when a trusted client said for whom it speaks (XCLIENT): from then on the peer is that one.
    /// </summary>
    ValueTask<SmtpReply?> ConnectAsync(SmtpPeer peer, CancellationToken cancellationToken);

    /// <summary>The server's side of a SASL exchange; null for a mechanism that is not offered.</summary>
    SaslServer? StartSasl(SmtpPeer peer, string mechanism);

    /// <summary>A trusted client says who logged in there (XCLIENT LOGIN); null when there is no such account.</summary>
    ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken);

    /// <summary>A positive reply accepts the reverse-path; null is the ordinary positive reply.</summary>
    ValueTask<SmtpReply?> MailAsync(SmtpPeer peer, MailFrom mail, CancellationToken cancellationToken);

    ValueTask<RcptVerdict> RcptAsync(SmtpPeer peer, MailFrom mail, EnvelopeRecipient recipient, CancellationToken cancellationToken);

    /// <summary>The envelope is complete and the client wants to send the message. Called before 354, and before the octets of the first BDAT are read.</summary>
    ValueTask<BodyVerdict> BeginBodyAsync(SmtpPeer peer, Envelope envelope, CancellationToken cancellationToken);

    /// <summary>The client gets this 4yz or 5yz reply, whoever decided on it; for logs and metrics. Must not fail.</summary>
    /// <param name="verb">The command it answers; empty when there was none that we know.</param>
    void OnRefusal(SmtpPeer peer, string verb, SmtpReply reply);
}

/// <summary>Whether a recipient is taken.</summary>
public abstract record RcptVerdict
{
    private RcptVerdict() { }

    /// <param name="Recipient">As it goes into the envelope.</param>
    public sealed record Accepted(EnvelopeRecipient Recipient) : RcptVerdict;

    public sealed record Refused(SmtpReply Reply) : RcptVerdict;
}

/// <summary>Whether the message may come.</summary>
public abstract record BodyVerdict
{
    private BodyVerdict() { }

    /// <param name="Receiver">The engine disposes it.</param>
    public sealed record Accepted(IBodyReceiver Receiver) : BodyVerdict;

    public sealed record Refused(SmtpReply Reply) : BodyVerdict;
}

/// <summary>
/// Takes the octets of one message. Disposing it without <see cref="CompleteAsync"/> drops the message: nothing of it stays.
/// </summary>
public interface IBodyReceiver : IAsyncDisposable
{
    /// <summary>
    /// The next octets, dots decoded, CRLF kept; the buffer is the engine's again afterwards.
    /// Null goes on; a reply refuses the message: the engine reads on to its end, gives no more octets, and answers with that.
    /// </summary>
    ValueTask<SmtpReply?> WriteAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken);

    /// <summary>All of it arrived. With a positive reply the responsibility for the message is ours (RFC 5321 §6.1).</summary>
    ValueTask<SmtpReply> CompleteAsync(CancellationToken cancellationToken);
}
