using System.Text;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>IDLE (RFC 2177): changes are told as they happen until the client says DONE.</summary>
internal sealed record Idle : Command
{
    private const int MaxAnswer = 64;

    public static Command Parse(ref CommandScanner scanner) => new Idle();

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Continue("idling");
        session.SetIdling(true);
        try { return await WaitAsync(session, cancellationToken).ConfigureAwait(false); }
        finally { session.SetIdling(false); }
    }

    private static async ValueTask<Completion> WaitAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var started = session.Engine.Time.GetTimestamp();
        while (true)
        {
            await session.LookAsync(cancellationToken).ConfigureAwait(false);
            await session.AnnounceAsync(expunges: true, withUid: false).ConfigureAwait(false);
            await session.TellAsync(cancellationToken).ConfigureAwait(false);
            var left = session.Options.IdleTimeout - session.Engine.Time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return Completion.Ok with { Bye = "Autologout: idle for too long" };
            session.Input.SetDeadline(session.TrySelected is null || left < session.Options.IdlePoll ? left : session.Options.IdlePoll);
            var (arrival, line) = await session.Reader.ReadAnswerAsync(MaxAnswer).ConfigureAwait(false);
            switch (arrival)
            {
                case Arrival.Octets:
                    return line is not null && Ascii.EqualsIgnoreCase(line, "DONE"u8) ? Completion.Ok : Completion.Bad("Expected DONE");
                case Arrival.Woken:
                    break;
                case Arrival.TimedOut:
                    session.TrySelected?.Ring();
                    break;
                case Arrival.Draining:
                    return Completion.ShuttingDown;
                default:
                    throw new ConnectionLostException("client closed", canWrite: true);
            }
        }
    }
}
