using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>
/// BDAT (RFC 3030 §2): so many octets follow, no dots, no end. They follow whether or not we want them, so they are read in any case.
/// </summary>
public static class Bdat
{
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: BDAT octets [LAST]");

    internal static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!TryParse(argument.Span, out var count, out var last)) return Syntax;
        if (connection.State is SmtpState.Recipients first)
        {
            connection.Enter(new SmtpState.Chunks(await BeginAsync(connection, first, cancellationToken).ConfigureAwait(false)));
        }
        var intake = ((SmtpState.Chunks)connection.State).Intake;
        var end = await connection.ReceiveChunkAsync(intake, count, cancellationToken).ConfigureAwait(false);
        if (end != BodyEnd.Complete) return SmtpConnection.ReplyTo(end);
        if (!last && intake.Refusal is null) return new SmtpReply(250, "2.0.0", FormattableString.Invariant($"{count} octets received"));
        // The message is complete, or it failed and the rest of its chunks are out of sequence (RFC 3030 §2).
        var reply = intake.Refusal ?? await intake.CompleteAsync(cancellationToken).ConfigureAwait(false);
        await connection.EndTransactionAsync().ConfigureAwait(false);
        return reply;
    }

    /// <summary>Refused for its place in the sequence: the octets come all the same.</summary>
    internal static async ValueTask<SmtpReply?> SwallowAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!TryParse(argument.Span, out var count, out _)) return Syntax;
        await using var nowhere = BodyIntake.Refusing(SmtpReplies.MailFirst, connection.Options);
        return await connection.ReceiveChunkAsync(nowhere, count, cancellationToken).ConfigureAwait(false) == BodyEnd.Complete ? SmtpReplies.Ok : null;
    }

    /// <summary><c>chunk-size [SP "LAST"]</c>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> argument, out long count, out bool last)
    {
        var rest = argument.Trim((byte)' ');
        last = false;
        // "+5" is a number to the parser, and not to the grammar.
        if (!Utf8Parser.TryParse(rest, out count, out var digits) || !char.IsAsciiDigit((char)rest[0])) return false;
        rest = rest[digits..];
        if (rest.IsEmpty) return true;
        last = rest[0] == (byte)' ' && Ascii.EqualsIgnoreCase(rest.TrimStart((byte)' '), "LAST"u8);
        return last;
    }

    private static async ValueTask<BodyIntake> BeginAsync(SmtpConnection connection, SmtpState.Recipients transaction, CancellationToken cancellationToken)
        => await connection.Session.BeginBodyAsync(connection.Peer, transaction.Envelope, cancellationToken).ConfigureAwait(false) switch
        {
            BodyVerdict.Accepted accepted => new BodyIntake(accepted.Receiver, connection.Options, isText: transaction.From.Body != BodyType.BinaryMime),
            BodyVerdict.Refused refused => BodyIntake.Refusing(refused.Reply, connection.Options),
            _ => throw new UnreachableException(),
        };
}
