using System.Diagnostics;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>DATA (RFC 5321 §4.1.1.4).</summary>
internal static class Data
{
    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!argument.IsEmpty) return SmtpReplies.NoArgument;
        var envelope = ((SmtpState.Recipients)connection.State).Envelope;
        // RFC 3030 §3: the transaction stays as it was.
        if (envelope.Body == BodyType.BinaryMime) return SmtpReplies.BinaryNeedsBdat;
        var peer = connection.Peer;
        // The buffers are cleared whatever becomes of the message.
        await connection.EndTransactionAsync().ConfigureAwait(false);
        switch (await connection.Session.BeginBodyAsync(peer, envelope, cancellationToken).ConfigureAwait(false))
        {
            case BodyVerdict.Refused refused:
                return refused.Reply;
            case BodyVerdict.Accepted accepted:
                await using (var intake = new BodyIntake(accepted.Receiver, connection.Options))
                {
                    return await connection.ReceiveDottedAsync(intake, cancellationToken).ConfigureAwait(false);
                }
            default:
                throw new UnreachableException();
        }
    }
}
