using System.Globalization;
using System.Text;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>MAIL (RFC 5321 §4.1.1.2) with the parameters of RFC 1870, 6152, 6531, 4954 and 3461.</summary>
internal static class Mail
{
    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!MailFrom.TryParse(argument.Span, connection.Options, out var mail, out var refusal)) return refusal;
        var reply = await connection.Session.MailAsync(connection.Peer, mail, cancellationToken).ConfigureAwait(false) ?? SmtpReplies.SenderOk;
        if (reply.IsPositive) connection.Enter(new SmtpState.Mail(mail, Attempted: false));
        return reply;
    }
}

/// <summary>What MAIL said.</summary>
public sealed record MailFrom
{
    private const int MaxEnvelopeId = 100; // RFC 3461 §4.4

    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]");
    private static readonly SmtpReply BadAddress = new(501, "5.1.7", "Bad sender address syntax");
    private static readonly MailFrom Nobody = new() { ReversePath = ReversePath.Null };

    public required ReversePath ReversePath { get; init; }

    /// <summary>SIZE (RFC 1870): what the client expects to send; null when it did not say.</summary>
    public long? DeclaredSize { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public DsnReturn Return { get; init; }

    /// <summary>ENVID, xtext.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>Reads the argument of MAIL; the refusal says what is wrong with it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> argument, SmtpServerOptions options, out MailFrom mail, out SmtpReply refusal)
    {
        mail = Nobody;
        refusal = Syntax;
        if (!PathArgument.TryStrip(argument, "FROM:"u8, out var rest)) return false;
        refusal = BadAddress;
        if (!SmtpPath.TryParse(rest, out var path, out var consumed) || path is SmtpPath.Postmaster) return false;
        refusal = Syntax;
        if (!EsmtpParameters.TryParse(rest[consumed..], out var parameters)) return false;
        mail = mail with { ReversePath = path is SmtpPath.Mailbox mailbox ? new ReversePath(mailbox.Address) : ReversePath.Null };
        foreach (var parameter in parameters)
        {
            if (Apply(parameter, options, ref mail) is not { } objection) continue;
            refusal = objection;
            return false;
        }
        refusal = SmtpReplies.NeedsSmtpUtf8;
        // A domain sent as A-labels is shown as U-labels inside and asks for nothing: what counts is what was sent.
        return mail.SmtpUtf8 || Ascii.IsValid(argument);
    }

    private static SmtpReply? Apply(EsmtpParameter parameter, SmtpServerOptions options, ref MailFrom mail)
    {
        var (keyword, value) = (parameter.Keyword, parameter.Value ?? "");
        switch (keyword)
        {
            case "SIZE":
                if (value.Length is 0 or > 20 || value.AsSpan().ContainsAnyExceptInRange('0', '9')) return PathArgument.BadValue(keyword);
                // 20 digits may be more than a long: then it is too big, whatever it is.
                if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size > options.MaxMessageSize) return SmtpReplies.MessageTooBig;
                mail = mail with { DeclaredSize = size };
                return null;
            case "BODY":
                BodyType? body = value.ToUpperInvariant() switch { "7BIT" => BodyType.SevenBit, "8BITMIME" => BodyType.EightBitMime, _ => null };
                if (body is null) return PathArgument.BadValue(keyword);
                mail = mail with { Body = body.Value };
                return null;
            case "SMTPUTF8":
                if (parameter.Value is not null) return PathArgument.BadValue(keyword);
                mail = mail with { SmtpUtf8 = true };
                return null;
            // RFC 4954 §5: who sent it first, by the client's word. It must be understood, and nobody is trusted with it.
            case "AUTH" when options.OfferAuth:
                return value == "<>" || (value.Length > 0 && Xtext.IsValid(value)) ? null : PathArgument.BadValue(keyword);
            case "RET" when options.AdvertiseDsn:
                DsnReturn? returned = value.ToUpperInvariant() switch { "FULL" => DsnReturn.Full, "HDRS" => DsnReturn.Headers, _ => null };
                if (returned is null) return PathArgument.BadValue(keyword);
                mail = mail with { Return = returned.Value };
                return null;
            case "ENVID" when options.AdvertiseDsn:
                if (value.Length is 0 or > MaxEnvelopeId || !Xtext.IsValid(value)) return PathArgument.BadValue(keyword);
                mail = mail with { EnvelopeId = value };
                return null;
            default:
                return PathArgument.UnknownParameter(keyword);
        }
    }
}
