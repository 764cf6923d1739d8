using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>AUTH (RFC 4954).</summary>
internal static class Auth
{
    public static readonly SmtpReply TemporaryFailure = new(454, "4.7.0", "Temporary authentication failure");

    /// <summary>RFC 4954 §6; where it is not offered an honest client does not come.</summary>
    public static readonly SmtpReply EncryptionRequired = new(538, "5.7.11", "Encryption required for authentication: send STARTTLS first");

    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]");
    private static readonly SmtpReply UnknownMechanism = new(504, "5.5.4", "Mechanism is not supported");
    private static readonly SmtpReply AuthenticatedAlready = new(503, "5.5.1", "Authenticated already");
    private static readonly SmtpReply Succeeded = new(235, "2.7.0", "Authentication successful");
    private static readonly SmtpReply Failed = new(535, "5.7.8", "Authentication credentials invalid");
    private static readonly SmtpReply Throttled = new(454, "4.7.0", "Too many failures, try again later");
    private static readonly SmtpReply Cancelled = new(501, "5.7.0", "Authentication cancelled");
    private static readonly SmtpReply Malformed = new(501, "5.5.2", "Authentication exchange is malformed");
    private static readonly SmtpReply NotBase64 = new(501, "5.5.2", "Cannot decode base64");
    private static readonly SmtpReply ExchangeLineTooLong = new(500, "5.5.6", "Authentication exchange line is too long");

    public static bool IsOffered(SmtpConnection connection) => connection.Options.OfferAuth;

    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (connection.Peer.Account is not null) return AuthenticatedAlready;
        var text = argument.Trim((byte)' ');
        if (text.IsEmpty) return Syntax;
        var space = text.Span.IndexOf((byte)' ');
        var mechanism = Encoding.ASCII.GetString(space < 0 ? text.Span : text.Span[..space]);
        if (connection.Session.StartSasl(connection.Peer, mechanism) is not { } sasl) return UnknownMechanism;
        ReadOnlyMemory<byte>? response = null;
        if (space >= 0)
        {
            if (!TryDecodeInitial(text.Span[(space + 1)..], out var initial)) return NotBase64;
            response = initial;
        }
        while (true)
        {
            switch (await sasl.StepAsync(response, cancellationToken).ConfigureAwait(false))
            {
                case SaslStep.Challenge challenge:
                    var line = await connection.AskAsync(new SmtpReply(334, null, Convert.ToBase64String(challenge.Data.Span))).ConfigureAwait(false);
                    if (line.Status != LineStatus.Line || line.EndedInBareLf) return AnswerTo(line.Status);
                    if (line.Line.AsSpan().SequenceEqual("*"u8)) return Cancelled;
                    if (!TryDecode(line.Line, out var answer)) return NotBase64;
                    response = answer;
                    break;
                case SaslStep.Granted granted:
                    connection.Peer = connection.Peer with { Account = granted.Account };
                    return Succeeded;
                case SaslStep.Denied: return Failed;
                case SaslStep.Throttled: return Throttled;
                case SaslStep.Malformed: return Malformed;
                default: throw new UnreachableException();
            }
        }
    }

    private static SmtpReply? AnswerTo(LineStatus status) => status switch
    {
        LineStatus.Line => SmtpReplies.BareLineBreak,
        LineStatus.TooLong => ExchangeLineTooLong,
        LineStatus.Endless => SmtpReplies.EndlessLine,
        LineStatus.TimedOut => SmtpReplies.TimedOut,
        LineStatus.Draining => SmtpReplies.Draining,
        _ => null,
    };

    /// <summary>A single equals sign is an initial response of no octets (RFC 4954 §4).</summary>
    private static bool TryDecodeInitial(ReadOnlySpan<byte> text, out byte[] octets)
    {
        octets = [];
        return text.SequenceEqual("="u8) || (!text.IsEmpty && TryDecode(text, out octets));
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, out byte[] octets)
    {
        octets = [];
        // The decoder skips white space, which the grammar does not have.
        if (text.ContainsAny(" \t\r\n"u8)) return false;
        var buffer = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, buffer, out _, out var written) != OperationStatus.Done) return false;
        octets = buffer[..written];
        return true;
    }
}
