using Merpati.Mailboxes;

namespace Merpati.Protocols.Pop3;

/// <summary>
/// LOGIN-DELAY (RFC 2449 §6.5): when each account logged in last, for all sessions of a gateway. Thread-safe. It forgets who may log in again, so it holds no more
/// than the logins of one delay.
/// </summary>
public sealed class LoginDelays(TimeSpan delay, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AccountId, long> _last = [];
    private readonly Queue<(AccountId Account, long At)> _order = new();

    /// <summary>False when the last login that was let in is too short a time ago; a refused one does not count.</summary>
    public bool TryEnter(AccountId account)
    {
        if (delay <= TimeSpan.Zero) return true;
        lock (_gate)
        {
            var now = time.GetTimestamp();
            while (_order.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At, now) >= delay)
            {
                _order.Dequeue();
                _last.Remove(oldest.Account);
            }
            if (!_last.TryAdd(account, now)) return false;
            _order.Enqueue((account, now));
            return true;
        }
    }
}
