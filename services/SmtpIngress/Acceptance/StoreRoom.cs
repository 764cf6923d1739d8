namespace Merpati.SmtpIngress.Acceptance;

/// <summary>
/// Remembers for a moment that the store was full, so that the next client is told at MAIL and does not send its message in vain (RFC 1870 §6.1).
/// The moment is short: only a message can find out that there is room again.
/// </summary>
internal sealed class StoreRoom(TimeProvider time)
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private long _fullUntil;

    public bool IsFull => time.GetUtcNow().UtcTicks < Volatile.Read(ref _fullUntil);

    public void MarkFull() => Volatile.Write(ref _fullUntil, (time.GetUtcNow() + Moment).UtcTicks);
}
