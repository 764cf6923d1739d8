using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Merpati.Bus.Publishing;

/// <summary>
/// Sends events of which the newest says all: at most one is on its way and one waits, however many are posted. While the broker is away the one waits,
/// so that word gets round at once when it is back.
/// </summary>
/// <param name="interval">The least time between two sends.</param>
/// <param name="send">Returns when the broker has confirmed.</param>
internal sealed class NewestEvent<T>(TimeSpan interval, Func<T, CancellationToken, Task> send, BusOptions options, TimeProvider time, BusMetrics metrics, ILogger logger)
    where T : class
{
    private static readonly string Name = typeof(T).Name;

    private readonly Channel<bool> _posted = Channel.CreateBounded<bool>(1);
    private T? _newest;
    private bool _failing;

    /// <summary>Never waits and never fails.</summary>
    public void Post(T message)
    {
        Volatile.Write(ref _newest, message);
        _posted.Writer.TryWrite(true);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _posted.Reader.WaitToReadAsync(cancellationToken))
            {
                _posted.Reader.TryRead(out _);
                while (!await TrySendAsync(Volatile.Read(ref _newest)!, cancellationToken)) await Task.Delay(options.RetryInterval, time, cancellationToken);
                if (interval > TimeSpan.Zero) await Task.Delay(interval, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { }
    }

    private async ValueTask<bool> TrySendAsync(T message, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(options.SendTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            await send(message, either.Token).WaitAsync(either.Token);
            metrics.Sent(Name);
            if (_failing) logger.SendsAgain(Name);
            _failing = false;
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { throw; }
        // The queue is full: those who read it have more to do than they can, and need not be told.
        catch (Exception e) when (e.GetBaseException() is RabbitMQ.Client.Exceptions.PublishException { IsReturn: false }) { return true; }
#pragma warning disable CA1031 // Whatever the transport throws: the event is not sent.
        catch (Exception e)
#pragma warning restore CA1031
        {
            metrics.Failed(Name);
            if (!_failing) logger.SendFailed(Name, timer.IsCancellationRequested ? "no answer in time" : e.Message);
            _failing = true;
            return false;
        }
    }
}
