using System.Globalization;
using System.Text;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp.Extensions;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>MAIL (RFC 5321 §4.1.1.2) with the parameters of its extensions.</summary>
internal static class Mail
{
    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!MailFrom.TryParse(argument.Span, connection.Options, connection.Peer.Tls is not null, connection.Now, out var mail, out var refusal)) return refusal;
        if (!connection.MayHaveMessage()) return SmtpReplies.TooManyMessages;
        var reply = await connection.Session.MailAsync(connection.Peer, mail, cancellationToken).ConfigureAwait(false);
        if (reply is { IsPositive: false }) return reply;
        connection.BeginTransaction(mail);
        return reply ?? (mail.AskedPriority > mail.Priority ? MtPriority.Lowered(mail.Priority) : SmtpReplies.SenderOk);
    }
}

/// <summary>What MAIL said.</summary>
public sealed record MailFrom
{
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]");
    private static readonly SmtpReply BadAddress = new(501, "5.1.7", "Bad sender address syntax");
    private static readonly SmtpReply HeldTwice = new(501, "5.5.4", "HOLDFOR and HOLDUNTIL exclude each other");
    private static readonly SmtpReply HeldTooLong = new(501, "5.5.4", "Message cannot be held for so long");
    private static readonly SmtpReply LateBeforeRelease = new(501, "5.5.4", "Message would be late before it is released");
    private static readonly MailFrom Nobody = new() { ReversePath = ReversePath.Null };

    public required ReversePath ReversePath { get; init; }

    /// <summary>SIZE (RFC 1870): what the client expects to send; null when it did not say.</summary>
    public long? DeclaredSize { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public DsnReturn Return { get; init; }

    /// <summary>ENVID, xtext.</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>REQUIRETLS (RFC 8689).</summary>
    public bool RequireTls { get; init; }

    /// <summary>MT-PRIORITY as far as it is granted (RFC 6710).</summary>
    public int Priority { get; init; }

    /// <summary>MT-PRIORITY as it was sent; null when it was not.</summary>
    public int? AskedPriority { get; init; }

    /// <summary>BY (RFC 2852).</summary>
    public DeliverBy? DeliverBy { get; init; }

    /// <summary>HOLDFOR or HOLDUNTIL (RFC 4865).</summary>
    public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>Reads the argument of MAIL; the refusal says what is wrong with it.</summary>
    /// <param name="tls">The connection is TLS.</param>
    /// <param name="now">What HOLDFOR and BY count from.</param>
    public static bool TryParse(ReadOnlySpan<byte> argument, SmtpServerOptions options, bool tls, DateTimeOffset now, out MailFrom mail, out SmtpReply refusal)
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
            if (Apply(parameter, options, tls, now, ref mail) is not { } objection) continue;
            refusal = objection;
            return false;
        }
        // RFC 4865 §5: what is returned when it is late must have a chance.
        refusal = LateBeforeRelease;
        if (mail is { HoldUntil: { } release, DeliverBy: { Mode: DeliverByMode.Return, At: var late } } && release >= late) return false;
        refusal = SmtpReplies.NeedsSmtpUtf8;
        // A domain sent as A-labels is shown as U-labels inside and asks for nothing: what counts is what was sent.
        return mail.SmtpUtf8 || Ascii.IsValid(argument);
    }

    private static SmtpReply? Apply(EsmtpParameter parameter, SmtpServerOptions options, bool tls, DateTimeOffset now, ref MailFrom mail)
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
                BodyType? body = value.ToUpperInvariant() switch { "7BIT" => BodyType.SevenBit, "8BITMIME" => BodyType.EightBitMime, "BINARYMIME" when options.OfferBinaryMime => BodyType.BinaryMime, _ => null };
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
                if (DeliveryStatus.ParseReturn(value) is not { } returned) return PathArgument.BadValue(keyword);
                mail = mail with { Return = returned };
                return null;
            case "ENVID" when options.AdvertiseDsn:
                if (!DeliveryStatus.IsEnvelopeId(value)) return PathArgument.BadValue(keyword);
                mail = mail with { EnvelopeId = value };
                return null;
            case "REQUIRETLS" when options.OfferRequireTls && tls:
                if (parameter.Value is not null) return PathArgument.BadValue(keyword);
                mail = mail with { RequireTls = true };
                return null;
            case "MT-PRIORITY" when options.MaxPriority is { } highest:
                if (!MtPriority.TryParse(value, out var priority)) return PathArgument.BadValue(keyword);
                mail = mail with { AskedPriority = priority, Priority = Math.Min(priority, highest) };
                return null;
            case "BY" when options.OfferDeliverBy:
                if (!DeliverByExtension.TryParse(value, now, out var deliverBy)) return PathArgument.BadValue(keyword);
                mail = mail with { DeliverBy = deliverBy };
                return null;
            case "HOLDFOR" or "HOLDUNTIL" when options.MaxHold is { } longest:
                if (mail.HoldUntil is not null) return HeldTwice;
                if (!(keyword == "HOLDFOR" ? FutureRelease.TryParseFor(value, now, out var until) : FutureRelease.TryParseUntil(value, out until))) return PathArgument.BadValue(keyword);
                if (until > now + longest) return HeldTooLong;
                mail = mail with { HoldUntil = until };
                return null;
            default:
                return PathArgument.UnknownParameter(keyword);
        }
    }
}
