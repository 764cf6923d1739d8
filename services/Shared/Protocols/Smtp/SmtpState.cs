using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Commands;

namespace Merpati.Protocols.Smtp;

/// <summary>Where a session is between two commands (RFC 5321 §3, §4.1.4), for the command table.</summary>
[Flags]
public enum SmtpStates
{
    None = 0,

    /// <summary>Greeted, no HELO or EHLO yet.</summary>
    Connected = 1,

    /// <summary>No mail transaction.</summary>
    Ready = 2,

    /// <summary>After MAIL, no recipient accepted yet.</summary>
    Mail = 4,

    /// <summary>At least one recipient.</summary>
    Recipients = 8,

    /// <summary>After the first BDAT that was not the last (RFC 3030 §2).</summary>
    Chunks = 16,

    AfterHello = Ready | Mail | Recipients | Chunks,
    Any = Connected | AfterHello,
}

/// <summary>The state with what belongs to it.</summary>
internal abstract record SmtpState(SmtpStates Flag)
{
    public sealed record Connected() : SmtpState(SmtpStates.Connected);

    public sealed record Ready() : SmtpState(SmtpStates.Ready);

    /// <param name="Attempted">A RCPT came, whatever became of it: then DATA fails for lack of valid recipients, not for its place in the sequence.</param>
    public sealed record Mail(MailFrom From, bool Attempted) : SmtpState(SmtpStates.Mail);

    public sealed record Recipients(MailFrom From, List<EnvelopeRecipient> To) : SmtpState(SmtpStates.Recipients)
    {
        public Envelope Envelope => new()
        {
            ReversePath = From.ReversePath,
            Recipients = To,
            Body = From.Body,
            SmtpUtf8 = From.SmtpUtf8,
            Return = From.Return,
            EnvelopeId = From.EnvelopeId,
            RequireTls = From.RequireTls,
            Priority = From.Priority,
            DeliverBy = From.DeliverBy,
            HoldUntil = From.HoldUntil,
        };
    }

    /// <summary>Owns the intake: leaving the state without completing it disposes it.</summary>
    public sealed record Chunks(BodyIntake Intake) : SmtpState(SmtpStates.Chunks);
}
