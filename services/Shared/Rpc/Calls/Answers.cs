using Grpc.Core;

namespace Merpati.Rpc.Calls;

/// <summary>The answers of a server stream, one at a time, each within the idle time. Null is the end.</summary>
internal sealed class Answers<TResponse> : IDisposable
    where TResponse : class
{
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _either;
    private readonly CallSpan _span;
    private readonly TimeSpan _patience;
    private readonly AsyncServerStreamingCall<TResponse> _call;

    public Answers(Func<CallOptions, AsyncServerStreamingCall<TResponse>> start, CallSpan span, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        _span = span;
        _patience = patience;
        _idle = new CancellationTokenSource(patience, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_idle.Token, cancellationToken);
        _call = start(span.Options(_either.Token));
    }

    public TResponse? Current { get; private set; }

    /// <exception cref="RpcException">As it came: whether to try again is not decided here.</exception>
    public async ValueTask MoveFirstAsync()
    {
        try { Current = await _call.ResponseStream.MoveNext(CancellationToken.None) ? _call.ResponseStream.Current : null; }
        catch (RpcException) when (_idle.IsCancellationRequested) { throw OutOfPatience(); }
        _idle.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    /// <summary>Throws what the port promises.</summary>
    public async ValueTask MoveNextAsync(CancellationToken cancellationToken)
    {
        _idle.CancelAfter(_patience);
        try { await MoveFirstAsync(); }
        catch (RpcException status) { throw _span.Fail(status, cancellationToken); }
    }

    /// <summary>Gives up the attempt; the span goes on with the next.</summary>
    public void Abandon()
    {
        _call.Dispose();
        _either.Dispose();
        _idle.Dispose();
    }

    /// <summary>Also tells the server to stop where the end was not reached.</summary>
    public void Dispose()
    {
        Abandon();
        _span.Dispose();
    }

    private static RpcException OutOfPatience() => new(new Status(StatusCode.DeadlineExceeded, "no answer in time"));
}
