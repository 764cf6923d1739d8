using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Merpati.Rpc.Calls;

/// <summary>A call that sends octets from a stream and gets one answer. Each piece that is sent has the idle time; how long the source takes for it is not counted.</summary>
internal sealed class Upload<TRequest, TResponse> : IDisposable
    where TRequest : class
{
    private readonly Caller _caller;
    private readonly CallSpan _span;
    private readonly AsyncClientStreamingCall<TRequest, TResponse> _call;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _cancelled;

    private Upload(Caller caller, CallSpan span, Func<CallOptions, AsyncClientStreamingCall<TRequest, TResponse>> call, CancellationToken cancellationToken)
    {
        _caller = caller;
        _span = span;
        _cancelled = cancellationToken;
        _idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, caller.Time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_idle.Token, cancellationToken);
        _call = call(span.Options(_either.Token));
    }

    /// <summary>Sends the first message, again if the server cannot be reached; from then on there is no second try.</summary>
    public static async ValueTask<Upload<TRequest, TResponse>> BeginAsync(
        Caller caller,
        Func<CallOptions, AsyncClientStreamingCall<TRequest, TResponse>> call,
        TRequest first,
        CancellationToken cancellationToken,
        [CallerMemberName] string method = "")
    {
        var span = caller.Begin(method);
        try
        {
            return await caller.Retries.ExecuteAsync(CallKind.Once, span.Method, static async (state, cancelled) =>
            {
                var upload = new Upload<TRequest, TResponse>(state.caller, state.span, state.call, cancelled);
                try
                {
                    await upload.WriteAsync(state.first);
                    return upload;
                }
                catch
                {
                    upload.Abandon();
                    throw;
                }
            }, (caller, span, call, first), cancellationToken);
        }
        catch (RpcException status)
        {
            using (span) throw span.Fail(status, cancellationToken);
        }
        catch
        {
            span.Dispose();
            throw;
        }
    }

    /// <summary>Sends the parts and waits for the answer. The server may answer before it has them all: then no more are asked for. Where the source throws, the server is told to forget the call.</summary>
    /// <param name="parts">Each is written out when the next is asked for.</param>
    public async ValueTask<TResponse> SendAsync(IAsyncEnumerable<TRequest> parts)
    {
        await foreach (var part in parts.WithCancellation(_cancelled))
        {
            try { await WriteAsync(part); }
            // The call is over: its answer, or why there is none, comes now.
            catch (Exception e) when (e is RpcException or InvalidOperationException) { return await AnswerAsync(complete: false); }
        }
        return await AnswerAsync(complete: true);
    }

    public void Dispose()
    {
        Abandon();
        _span.Dispose();
    }

    private void Abandon()
    {
        _call.Dispose();
        _either.Dispose();
        _idle.Dispose();
    }

    private async ValueTask WriteAsync(TRequest message)
    {
        _idle.CancelAfter(_caller.IdleTimeout);
        await _call.RequestStream.WriteAsync(message, CancellationToken.None);
        _idle.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    private async ValueTask<TResponse> AnswerAsync(bool complete)
    {
        _idle.CancelAfter(_caller.ChangeTimeout);
        try
        {
            if (complete) await _call.RequestStream.CompleteAsync();
            return await _call.ResponseAsync;
        }
        catch (RpcException) when (_idle.IsCancellationRequested) { throw _span.Fail(new RpcException(new Status(StatusCode.DeadlineExceeded, "no answer in time")), _cancelled); }
        catch (RpcException status) { throw _span.Fail(status, _cancelled); }
    }
}

/// <summary>How octets travel.</summary>
internal static class Chunks
{
    public const int Size = 64 * 1024;
}
