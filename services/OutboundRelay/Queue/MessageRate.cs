namespace Merpati.OutboundRelay.Queue;

/// <summary>
/// Messages a minute, spread evenly after a burst of a second's worth, as in the generic cell rate algorithm (ITU-T I.371): what comes too early is told when to come again,
/// each at a time of its own. Not thread-safe.
/// </summary>
internal sealed class MessageRate(int perMinute)
{
    private readonly TimeSpan _interval = TimeSpan.FromMinutes(1) / perMinute;
    private readonly TimeSpan _tolerance = TimeSpan.FromTicks(Math.Max(TimeSpan.FromSeconds(1).Ticks, (TimeSpan.FromMinutes(1) / perMinute).Ticks));
    private DateTimeOffset _due = DateTimeOffset.MinValue;
    private DateTimeOffset _promised = DateTimeOffset.MinValue;

    /// <summary>Null: go on, it is counted. Else when to come again.</summary>
    public DateTimeOffset? Take(DateTimeOffset now)
    {
        // A clock that was set back must not close the gate for as long as it was ahead.
        if (_due - now > TimeSpan.FromMinutes(1) + _tolerance) _due = now;
        if (_due - now > _tolerance - _interval)
        {
            if (_promised < _due || _promised - now > TimeSpan.FromHours(1)) _promised = _due;
            return _promised += _interval;
        }
        _due = (_due > now ? _due : now) + _interval;
        return null;
    }

    /// <summary>Nothing is counted any more that would hold anybody up.</summary>
    public bool IsIdle(DateTimeOffset now) => _due <= now && _promised <= now;
}
