using Merpati.Addresses;
using Merpati.Envelopes;

namespace Merpati.Mail;

/// <summary>The Action field of a delivery report (RFC 3464 §2.3.3).</summary>
public enum DsnAction
{
    Failed = 0,
    Delayed,
    Delivered,
    Relayed,
    Expanded,
}

/// <summary>One recipient of a report (RFC 3464 §2.3).</summary>
public sealed record ReportedRecipient
{
    /// <summary>As it came in RCPT TO, with ORCPT.</summary>
    public required EnvelopeRecipient Recipient { get; init; }

    public DsnAction Action { get; init; }

    /// <summary>Enhanced status code (RFC 3463), <c>5.2.2</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The remote's reply or our own reason, with an SMTP reply code where there is one; shown to a person and in Diagnostic-Code.</summary>
    public string? Diagnostic { get; init; }

    /// <summary>Host name of the next hop that refused; null when the refusal is ours.</summary>
    public string? RemoteMta { get; init; }

    /// <summary>Of a delayed message: when we give up (RFC 3464 §2.3.9).</summary>
    public DateTimeOffset? WillRetryUntil { get; init; }

    /// <summary>The sender asked for this by something else than NOTIFY, such as BY (RFC 2852); only NOTIFY=NEVER is above that. No part of what is written.</summary>
    public bool AskedOtherwise { get; init; }
}

/// <summary>What a delivery status notification says (RFC 3464). It travels with the null reverse-path.</summary>
public sealed record DeliveryReport
{
    /// <summary>Our own host name.</summary>
    public required string ReportingMta { get; init; }

    /// <summary>Shown in From, MAILER-DAEMON or postmaster of our domain.</summary>
    public required EmailAddress From { get; init; }

    /// <summary>The reverse-path of the message reported on.</summary>
    public required EmailAddress To { get; init; }

    /// <summary>Message-ID of the report, without angle brackets.</summary>
    public required string MessageId { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>When we accepted the message.</summary>
    public required DateTimeOffset ArrivalDate { get; init; }

    /// <summary>ENVID as given, xtext (RFC 3461 §4.4).</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>RET: the whole message comes back only when asked for (RFC 3461 §4.3).</summary>
    public DsnReturn Return { get; init; }

    /// <summary>The message came with SMTPUTF8: the report takes the forms of RFC 6533 and needs SMTPUTF8 too.</summary>
    public bool SmtpUtf8 { get; init; }

    public required IReadOnlyList<ReportedRecipient> Recipients { get; init; }

    /// <summary>True when the report itself can only travel with SMTPUTF8.</summary>
    public bool IsInternational
        => SmtpUtf8 || To.NeedsSmtpUtf8 || From.NeedsSmtpUtf8 || Recipients.Any(r => r.Recipient.Address.NeedsSmtpUtf8);
}
