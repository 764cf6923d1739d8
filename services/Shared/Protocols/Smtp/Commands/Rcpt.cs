using System.Diagnostics;
using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Extensions;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>RCPT (RFC 5321 §4.1.1.3) with the parameters of RFC 3461.</summary>
public static class Rcpt
{
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]");
    private static readonly SmtpReply BadAddress = new(501, "5.1.3", "Bad recipient address syntax");
    private static readonly EnvelopeRecipient Nobody = new(new EmailAddress("postmaster", "localhost"));

    internal static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        var (mail, accepted) = connection.State switch
        {
            SmtpState.Mail first => (first.From, []),
            SmtpState.Recipients more => (more.From, more.To),
            _ => throw new UnreachableException(),
        };
        if (accepted.Count == 0) connection.Enter(new SmtpState.Mail(mail, Attempted: true));
        if (!TryParse(argument.Span, mail.SmtpUtf8, connection.Options, out var recipient, out var refusal)) return refusal;
        if (accepted.Count >= connection.Options.MaxRecipients) return SmtpReplies.TooManyRecipients;
        if (!connection.MayHaveDomain(recipient.Address.Domain)) return SmtpReplies.TooManyDomains;
        switch (await connection.Session.RcptAsync(connection.Peer, mail, recipient, cancellationToken).ConfigureAwait(false))
        {
            case RcptVerdict.Accepted verdict:
                connection.NoteDomain(recipient.Address.Domain);
                // A recipient named twice gets one copy.
                if (!accepted.Exists(other => other.Address.Equals(verdict.Recipient.Address))) accepted.Add(verdict.Recipient);
                connection.Enter(new SmtpState.Recipients(mail, accepted));
                return SmtpReplies.RecipientOk;
            case RcptVerdict.Refused verdict:
                return verdict.Reply;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Reads the argument of RCPT; the refusal says what is wrong with it.</summary>
    /// <param name="smtpUtf8">MAIL asked for SMTPUTF8.</param>
    public static bool TryParse(ReadOnlySpan<byte> argument, bool smtpUtf8, SmtpServerOptions options, out EnvelopeRecipient recipient, out SmtpReply refusal)
    {
        recipient = Nobody;
        refusal = Syntax;
        if (!PathArgument.TryStrip(argument, "TO:"u8, out var rest)) return false;
        refusal = BadAddress;
        if (!SmtpPath.TryParse(rest, out var path, out var consumed) || path is SmtpPath.Null) return false;
        refusal = Syntax;
        if (!EsmtpParameters.TryParse(rest[consumed..], out var parameters)) return false;
        refusal = SmtpReplies.NeedsSmtpUtf8;
        if (!smtpUtf8 && !Ascii.IsValid(argument)) return false;
        recipient = new EnvelopeRecipient(path is SmtpPath.Mailbox mailbox ? mailbox.Address : new EmailAddress("postmaster", options.PostmasterDomain ?? options.HostName));
        foreach (var parameter in parameters)
        {
            if (Apply(parameter, options, ref recipient) is not { } objection) continue;
            refusal = objection;
            return false;
        }
        return true;
    }

    private static SmtpReply? Apply(EsmtpParameter parameter, SmtpServerOptions options, ref EnvelopeRecipient recipient)
    {
        var (keyword, value) = (parameter.Keyword, parameter.Value ?? "");
        switch (keyword)
        {
            case "NOTIFY" when options.AdvertiseDsn:
                if (DeliveryStatus.ParseNotify(value) is not { } notify) return PathArgument.BadValue(keyword);
                recipient = recipient with { Notify = notify };
                return null;
            case "ORCPT" when options.AdvertiseDsn:
                if (!DeliveryStatus.IsOriginalRecipient(value)) return PathArgument.BadValue(keyword);
                recipient = recipient with { OriginalRecipient = value };
                return null;
            default:
                return PathArgument.UnknownParameter(keyword);
        }
    }
}
