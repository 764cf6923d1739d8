using System.Runtime.CompilerServices;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Notices that the client is gone while a command runs that takes nothing from it. Only a command that runs for longer than <paramref name="patience"/> is watched: others cost next to
/// nothing, and a client that sends its commands and closes its half of the connection gets the answers to them.
/// Commands that the client sends meanwhile stay unread; who sent <see cref="MaxReadAhead"/> octets of them is there.
/// </summary>
/// <param name="gone">Called once, from another thread.</param>
internal sealed class ClientWatch(ITransport transport, TimeProvider time, TimeSpan patience, Action gone) : IDisposable
{
    /// <summary>Octets that are held for the commands to come, about; the rest waits in the connection.</summary>
    public const int MaxReadAhead = 16 * 1024;

    private readonly Lock _turn = new();
    private ITimer? _timer;
    private Task? _reading;
    private bool _isRunning;
    private volatile bool _isEnding;

    /// <summary>A command begins. Nobody else reads until <see cref="EndAsync"/> has ended.</summary>
    public void Begin()
    {
        lock (_turn) _isRunning = true;
        _timer ??= time.CreateTimer(static watch => ((ClientWatch)watch!).Start(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(patience, Timeout.InfiniteTimeSpan);
    }

    /// <returns>True where it was looked at the client: whoever woke the session meanwhile was not heard.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> EndAsync()
    {
        _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Task? reading;
        lock (_turn)
        {
            _isRunning = false;
            (reading, _reading) = (_reading, null);
        }
        if (reading is null) return false;
        _isEnding = true;
        transport.Input.CancelPendingRead();
        await reading.ConfigureAwait(false);
        _isEnding = false;
        return true;
    }

    public void Dispose() => _timer?.Dispose();

    private void Start()
    {
        lock (_turn)
        {
            if (_isRunning) _reading ??= ReadAsync();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                var read = await transport.Input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                var isOver = read.IsCompleted || _isEnding || read.Buffer.Length >= MaxReadAhead;
                transport.Input.AdvanceTo(read.Buffer.Start, isOver ? read.Buffer.Start : read.Buffer.End);
                if (read.IsCompleted) gone();
                if (isOver) return;
            }
        }
        catch (IOException) { gone(); }
        catch (ObjectDisposedException) { gone(); }
    }
}
