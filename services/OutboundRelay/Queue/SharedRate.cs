using System.Text;
using Merpati.Storage;

namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Messages a minute of all relays together, spread evenly after a burst of a second's worth, as in the generic cell rate algorithm (ITU-T I.371): what comes too early is told when to come
/// again. Places in time are taken out of the store a second's worth at once, so that a message costs next to nothing; those of a relay that dies are lost, and the rate stays below what it may be.
/// </summary>
/// <param name="key">Whose rate it is.</param>
internal sealed class SharedRate(ISharedRecords records, string key, int perMinute, TimeProvider time) : IDisposable
{
    public const string Kind = "rate";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<DateTimeOffset> _places = new();
    private readonly int _batch = Math.Max(1, perMinute / 60);
    private readonly TimeSpan _interval = Minute / perMinute;
    private readonly TimeSpan _early = TimeSpan.FromTicks(Math.Max(TimeSpan.FromSeconds(1).Ticks, (Minute / perMinute).Ticks)) - (Minute / perMinute);
    private DateTimeOffset _noneBefore = DateTimeOffset.MinValue;
    private DateTimeOffset _promised = DateTimeOffset.MinValue;
    private DateTimeOffset _used = DateTimeOffset.MinValue;

    /// <summary>Null: go on, it is counted. Else when to come again.</summary>
    public async ValueTask<DateTimeOffset?> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            _used = now;
            // What was not used in time is no store of bursts; and a clock that was set back must not close the gate for as long as it was ahead.
            while (_places.TryPeek(out var old) && (old < now - Minute || IsBeyond(old, now))) _places.Dequeue();
            if (IsBeyond(_noneBefore, now)) _noneBefore = now;
            if (_places.Count == 0 && _noneBefore <= now) await ReserveAsync(now, cancellationToken);
            if (_places.TryPeek(out var place) && place - now <= _early)
            {
                _places.Dequeue();
                return null;
            }
            var next = _places.Count > 0 ? _places.Peek() - _early : _noneBefore;
            if (_promised < next || _promised - now > TimeSpan.FromHours(1)) _promised = next;
            else _promised += _interval;
            return _promised;
        }
        finally { _turn.Release(); }
    }

    /// <summary>Nothing is known that would hold anybody up.</summary>
    public bool IsIdle(DateTimeOffset now) => _promised <= now && _noneBefore <= now && _used < now - Minute;

    public void Dispose() => _turn.Dispose();

    /// <summary>Takes the next places, or learns when there will be some.</summary>
    private async ValueTask ReserveAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (due, isHeld) = (now, false);
        var reserved = await records.ChangeAsync(Kind, key, there =>
        {
            due = there is not null && Read(there) is var known && known > now && !IsBeyond(known, now) ? known : now;
            isHeld = due - now > _early;
            var next = due + (_interval * _batch);
            return isHeld ? null : new SharedRecord(Kind, key, Encoding.ASCII.GetBytes(RecordedTime.Write(next)), next + Minute);
        }, cancellationToken);
        if (reserved)
        {
            for (var i = 0; i < _batch; i++) _places.Enqueue(due + (_interval * i));
            return;
        }
        // Or there are many relays at once, and it is their turn.
        _noneBefore = isHeld ? due - _early : now + _interval;
    }

    private bool IsBeyond(DateTimeOffset at, DateTimeOffset now) => at - now > Minute + _early + (_interval * _batch);

    private static DateTimeOffset Read(SharedRecord record) => RecordedTime.Read(Encoding.ASCII.GetString(record.Value.Span)) ?? DateTimeOffset.MinValue;
}
