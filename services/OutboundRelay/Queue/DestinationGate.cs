namespace Merpati.OutboundRelay.Queue;

/// <summary>What an attempt found out about its destination.</summary>
internal enum GateFeedback
{
    /// <summary>Nothing: it did not come to a connection.</summary>
    None = 0,

    /// <summary>The server talks to us; that it may refuse this message is no matter of the destination.</summary>
    Good = 1,

    /// <summary>No server could be reached, or none wanted to talk to us.</summary>
    Bad = 2,
}

/// <summary>
/// How many attempts may run at once for one destination, learned from how they end (Postfix's SCHEDULER_README, in our own words): a little more after each that
/// went well, a little less after each that could not reach anybody; and after as many failures in a row as were let run at once the destination is left alone for a while.
/// Then one goes ahead as a probe. Thread-safe.
/// </summary>
internal sealed class DestinationGate(GateOptions options, int maxConcurrency, SharedRate? rate, TimeProvider time)
{
    private readonly Lock _turn = new();
    private readonly Queue<TaskCompletionSource<string?>> _waiting = new();
    private readonly int _initial = Math.Min(options.InitialConcurrency, maxConcurrency);
    private double _limit = Math.Min(options.InitialConcurrency, maxConcurrency);
    private int _running;
    private int _failures;
    private TimeSpan _rest;
    private DateTimeOffset? _restsUntil;
    private string _lastFailure = "";
    private string? _wellAt;
    private int _preparing;

    /// <summary>Attempts that may run at once now.</summary>
    public int Limit { get { lock (_turn) return (int)_limit; } }

    public int Running { get { lock (_turn) return _running; } }

    /// <summary>How many more can be brought here: all that may run, and where it goes well half as many that wait to follow them at once.</summary>
    public int Room { get { lock (_turn) return (_limit > _initial ? (int)(_limit * 1.5) : (int)_limit) - _running - _waiting.Count - _preparing; } }

    /// <summary>There is no room. One that rests is not full, as what comes to it is sent back at once.</summary>
    public bool IsFull => Room <= 0 && RestsUntil is null;

    /// <summary>A server of it took mail, and none has failed since.</summary>
    public bool IsWell { get { lock (_turn) return _wellAt is not null; } }

    /// <summary>Nothing runs, and it is as if it had never been used.</summary>
    public bool IsForgettable
    {
        get { lock (_turn) return _running == 0 && _waiting.Count == 0 && _preparing == 0 && _restsUntil is null && _rest == TimeSpan.Zero && _limit >= _initial && rate?.IsIdle(time.GetUtcNow()) != false; }
    }

    /// <summary>Until when it rests; null if it does not.</summary>
    public DateTimeOffset? RestsUntil { get { lock (_turn) return Rests(time.GetUtcNow()) ? _restsUntil : null; } }

    /// <summary>Counts one message; not null: when it may come again, as the rate of the destination is reached.</summary>
    public ValueTask<DateTimeOffset?> TakeTurnAsync(CancellationToken cancellationToken) => rate?.TakeAsync(cancellationToken) ?? ValueTask.FromResult<DateTimeOffset?>(null);

    /// <summary>Null: go on, and <see cref="Leave"/> afterwards. Else the failure for which the destination is left alone at the moment.</summary>
    /// <param name="prepare">Where it goes well and one has to wait: what can be done meanwhile, with the name of the host that took mail last. The place is not taken before it is done.</param>
    public async ValueTask<string?> EnterAsync(Func<string, ValueTask>? prepare, CancellationToken cancellationToken)
    {
        if (prepare is not null && BeginToPrepare() is { } host)
        {
            try { await prepare(host); }
            finally { lock (_turn) _preparing--; }
        }
        TaskCompletionSource<string?> place;
        lock (_turn)
        {
            if (Rests(time.GetUtcNow())) return _lastFailure;
            if (_running < (int)_limit)
            {
                _running++;
                return null;
            }
            place = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(place);
        }
        await using var cancelled = cancellationToken.Register(() => place.TrySetCanceled(cancellationToken));
        return await place.Task;
    }

    /// <param name="failure">With <see cref="GateFeedback.Bad"/>: in words, for those who are sent back.</param>
    /// <param name="host">The name of the host that took the message, if one did.</param>
    public void Leave(GateFeedback feedback, string? failure, string? host = null)
    {
        var woken = new List<TaskCompletionSource<string?>>();
        string? sentBack = null;
        lock (_turn)
        {
            _running--;
            if (feedback == GateFeedback.Bad) _wellAt = null;
            else _wellAt = host ?? _wellAt;
            if (feedback == GateFeedback.Good) Succeeded();
            else if (feedback == GateFeedback.Bad) Failed(failure ?? "");
            if (Rests(time.GetUtcNow()))
            {
                sentBack = _lastFailure;
                while (_waiting.TryDequeue(out var place)) woken.Add(place);
            }
            else
            {
                // Those who gave up waiting are passed over.
                while (_running < (int)_limit && _waiting.TryDequeue(out var place))
                {
                    if (place.Task.IsCompleted) continue;
                    _running++;
                    woken.Add(place);
                }
            }
        }
        foreach (var place in woken)
        {
            if (!place.TrySetResult(sentBack) && sentBack is null) Leave(GateFeedback.None, null);
        }
    }

    /// <summary>The host that took mail last, for one who has to wait; it is counted until it has prepared.</summary>
    private string? BeginToPrepare()
    {
        lock (_turn)
        {
            if (_wellAt is null || _running + _waiting.Count + _preparing < (int)_limit) return null;
            _preparing++;
            return _wellAt;
        }
    }

    private void Succeeded()
    {
        _failures = 0;
        if (_rest > TimeSpan.Zero)
        {
            // The probe came through: as if nothing were known.
            (_rest, _restsUntil, _limit) = (TimeSpan.Zero, null, _initial);
            return;
        }
        _limit = Math.Min(maxConcurrency, _limit + 1 / _limit);
    }

    private void Failed(string failure)
    {
        _lastFailure = failure;
        _failures++;
        var cohort = Math.Max(1, (int)_limit);
        _limit = Math.Max(1, _limit - 1 / _limit);
        // Those that ran beside the last one that counted have nothing new to tell.
        if (_failures < cohort || Rests(time.GetUtcNow())) return;
        _rest = _rest == TimeSpan.Zero ? options.FirstRest : _rest * 2 < options.LongestRest ? _rest * 2 : options.LongestRest;
        _restsUntil = time.GetUtcNow() + _rest * (0.9 + 0.2 * Random.Shared.NextDouble());
        (_limit, _failures) = (1, 0);
    }

    private bool Rests(DateTimeOffset now)
    {
        // Whatever the clock does, nobody rests longer than that.
        if (_restsUntil is { } until && until - now > options.LongestRest * 1.2) _restsUntil = null;
        if (_restsUntil <= now) _restsUntil = null;
        return _restsUntil is not null;
    }
}
