using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Imap;

/// <summary>What came while the session waited for its client.</summary>
internal enum Arrival
{
    Octets = 0,
    Closed,
    TimedOut,
    Draining,

    /// <summary>Somebody called <see cref="ImapInput.Wake"/>: the mailbox changed.</summary>
    Woken,
}

/// <summary>
/// The one place that waits for octets. Time, draining and news all wake the same read, so that an idle session costs
/// a pending read and one timer that rarely has to be set anew.
/// </summary>
internal sealed class ImapInput : IDisposable
{
    private readonly ITransport _transport;
    private readonly ResponseWriter _output;
    private readonly TimeProvider _time;
    private readonly SessionLifetime _lifetime;
    private readonly ITimer _timer;
    private readonly ClientWatch _watch;
    private readonly CancellationTokenRegistration _onDraining;
    private readonly CancellationTokenRegistration _onAborted;
    private long _timerDue = long.MaxValue;
    private long _deadline = long.MaxValue;
    private long _kept;
    private int _woken;

    /// <param name="patience">With a client that is gone while a command runs.</param>
    /// <param name="gone">Called then.</param>
    public ImapInput(ITransport transport, ResponseWriter output, TimeProvider time, SessionLifetime lifetime, TimeSpan patience, Action gone)
    {
        _watch = new ClientWatch(transport, time, patience, gone);
        _transport = transport;
        _output = output;
        _time = time;
        _lifetime = lifetime;
        _timer = time.CreateTimer(static input => ((ImapInput)input!).Interrupt(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _onDraining = lifetime.Draining.UnsafeRegister(static input => ((ImapInput)input!).Interrupt(), this);
        _onAborted = lifetime.Aborted.UnsafeRegister(static input => ((ImapInput)input!).Interrupt(), this);
    }

    /// <summary>From any thread: the session should look at its mailbox.</summary>
    public void Wake()
    {
        Volatile.Write(ref _woken, 1);
        Interrupt();
    }

    /// <summary>All reads from now on end by then.</summary>
    public void SetDeadline(TimeSpan fromNow) => _deadline = _time.GetTimestamp() + (long)(fromNow.TotalSeconds * _time.TimestampFrequency);

    /// <summary>
    /// The octets that are there, or what else came first. After <see cref="Arrival.Octets"/> call <see cref="Consume"/> or <see cref="Keep"/> before the next read.
    /// Whatever was written is sent before waiting.
    /// </summary>
    /// <param name="mayEnd">Between commands: draining and a wake are looked at.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(Arrival Arrival, ReadOnlySequence<byte> Octets)> ReadAsync(bool mayEnd)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                if (!_transport.Input.TryRead(out read))
                {
                    if (mayEnd && _lifetime.Draining.IsCancellationRequested) return (Arrival.Draining, default);
                    await _output.FlushAsync().ConfigureAwait(false);
                    ArmTimer();
                    read = await _transport.Input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (IOException exception) when (exception is not ConnectionLostException) { return (Arrival.Closed, default); }
            _lifetime.Aborted.ThrowIfCancellationRequested();
            if (read.Buffer.Length > _kept) return (Arrival.Octets, read.Buffer);
            _transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return (Arrival.Closed, default);
            if (_time.GetTimestamp() >= _deadline) return (Arrival.TimedOut, default);
            if (mayEnd && _lifetime.Draining.IsCancellationRequested) return (Arrival.Draining, default);
            if (mayEnd && Interlocked.Exchange(ref _woken, 0) != 0) return (Arrival.Woken, default);
        }
    }

    /// <summary>
    /// Waits for the first octets of a command and takes none. Who reads it then need not wait, unless it comes in pieces: an idle session, and each command, costs one suspended method and not
    /// all those that a command is put together by.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Arrival> WaitAsync()
    {
        var (arrival, octets) = await ReadAsync(mayEnd: true).ConfigureAwait(false);
        if (arrival == Arrival.Octets) _transport.Input.AdvanceTo(octets.Start);
        return arrival;
    }

    /// <summary>A command begins that reads nothing from the client; it is noticed if that goes away. Nothing is read until <see cref="EndWatchAsync"/>.</summary>
    public void BeginWatch() => _watch.Begin();

    public async ValueTask EndWatchAsync()
    {
        // A call of Wake or the deadline may have ended a read of the watch, and not the one that comes.
        if (await _watch.EndAsync().ConfigureAwait(false)) Interrupt();
    }

    public void Consume(SequencePosition until)
    {
        _kept = 0;
        _transport.Input.AdvanceTo(until);
    }

    /// <summary>Takes nothing: the next read has these octets and more.</summary>
    public void Keep(in ReadOnlySequence<byte> octets)
    {
        _kept = octets.Length;
        _transport.Input.AdvanceTo(octets.Start, octets.End);
    }

    public void Dispose()
    {
        _onDraining.Dispose();
        _onAborted.Dispose();
        _timer.Dispose();
        _watch.Dispose();
    }

    /// <summary>The timer may fire early and is then set again: so a deadline that moves on with every command touches it once in a while only.</summary>
    private void ArmTimer()
    {
        var now = _time.GetTimestamp();
        if (_timerDue > now && _timerDue <= _deadline) return;
        _timerDue = _deadline;
        if (_deadline == long.MaxValue) return;
        var wait = _time.GetElapsedTime(now, _deadline);
        _timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void Interrupt()
    {
        try { _transport.Input.CancelPendingRead(); }
        catch (ObjectDisposedException) { } // the connection is being taken down: nobody waits any more
    }
}
