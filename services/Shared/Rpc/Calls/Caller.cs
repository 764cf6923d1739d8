using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Merpati.Rpc.Faults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Calls;

/// <summary>
/// Makes the calls of a port: with a deadline, again where that is right, as a span with the trace context sent along, and with the faults that the port promises.
/// Methods are named as those of the port.
/// </summary>
/// <param name="port">Names the port to people: "mailboxes".</param>
internal sealed class Caller(string port, IOptions<RpcOptions> options, TimeProvider time, RpcMetrics metrics, ILogger<Caller> logger)
{
    private readonly Retries _retries = new(port, time, metrics, logger);

    public string Port => port;

    public async ValueTask<TResponse> AskAsync<TRequest, TResponse>(
        CallKind kind,
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> call,
        TRequest request,
        CancellationToken cancellationToken,
        [CallerMemberName] string method = "")
    {
        using var span = Begin(method);
        var end = time.GetUtcNow().UtcDateTime + (kind == CallKind.Question ? options.Value.LookupTimeout : options.Value.ChangeTimeout);
        try
        {
            return await _retries.ExecuteAsync(kind, span.Method, static async (state, cancelled) =>
            {
                using var attempt = state.call(state.request, state.span.Options(cancelled).WithDeadline(state.end));
                return await attempt.ResponseAsync;
            }, (call, request, span, end), cancellationToken);
        }
        catch (RpcException status) { throw span.Fail(status, cancellationToken); }
    }

    /// <summary>The answers one by one; none is read ahead of the reader but what the window of the stream holds.</summary>
    public async IAsyncEnumerable<TResponse> ReadAsync<TRequest, TResponse>(
        CallKind kind,
        Func<TRequest, CallOptions, AsyncServerStreamingCall<TResponse>> call,
        TRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        [CallerMemberName] string method = "")
        where TResponse : class
    {
        using var answers = await OpenAsync(kind, call, request, cancellationToken, method);
        for (; answers.Current is { } answer; await answers.MoveNextAsync(cancellationToken)) yield return answer;
    }

    /// <summary>Returns with the first answer. A stream that broke is begun again only before that: later, somebody has seen a part of it.</summary>
    public async ValueTask<Answers<TResponse>> OpenAsync<TRequest, TResponse>(
        CallKind kind,
        Func<TRequest, CallOptions, AsyncServerStreamingCall<TResponse>> call,
        TRequest request,
        CancellationToken cancellationToken,
        [CallerMemberName] string method = "")
        where TResponse : class
    {
        var span = Begin(method);
        try
        {
            return await _retries.ExecuteAsync(kind, span.Method, static async (state, cancelled) =>
            {
                var answers = new Answers<TResponse>(options => state.call(state.request, options), state.span, state.idle, state.time, cancelled);
                try
                {
                    await answers.MoveFirstAsync();
                    return answers;
                }
                catch
                {
                    answers.Abandon();
                    throw;
                }
            }, (call, request, span, idle: options.Value.IdleTimeout, time), cancellationToken);
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

    /// <summary>Begins the call, tells it on.</summary>
    public CallSpan Begin(string method) => new(port, method, time, metrics);

    public TimeSpan IdleTimeout => options.Value.IdleTimeout;

    public TimeSpan ChangeTimeout => options.Value.ChangeTimeout;

    public Retries Retries => _retries;

    public TimeProvider Time => time;
}

/// <summary>One call as telemetry sees it, repetitions and all.</summary>
internal sealed class CallSpan : IDisposable
{
    private readonly string _port;
    private readonly RpcMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly Activity? _activity;
    private StatusCode _status;

    public CallSpan(string port, string method, TimeProvider time, RpcMetrics metrics)
    {
        _port = port;
        _metrics = metrics;
        _time = time;
        _begun = time.GetTimestamp();
        Method = method.EndsWith("Async", StringComparison.Ordinal) ? string.Intern(method[..^"Async".Length]) : method;
        if (RpcTelemetry.Source.HasListeners()) _activity = RpcTelemetry.Source.StartActivity($"{port}/{Method}", ActivityKind.Client);
        _activity?.SetTag("rpc.system", "grpc").SetTag("rpc.service", port).SetTag("rpc.method", Method);
    }

    public string Method { get; }

    /// <summary>W3C trace context of the span, or of what goes on around the call where nobody looks at spans.</summary>
    public CallOptions Options(CancellationToken cancellationToken)
    {
        if ((_activity ?? Activity.Current) is not { } current) return new CallOptions(cancellationToken: cancellationToken);
        var headers = new Metadata();
        DistributedContextPropagator.Current.Inject(current, headers, static (carrier, name, value) => ((Metadata)carrier!).Add(name, value));
        return new CallOptions(headers, cancellationToken: cancellationToken);
    }

    /// <summary>What the port promises for this status.</summary>
    public Exception Fail(RpcException status, CancellationToken cancellationToken)
    {
        _status = cancellationToken.IsCancellationRequested ? StatusCode.Cancelled : status.StatusCode;
        _activity?.SetStatus(ActivityStatusCode.Error, status.Status.Detail);
        return Fault.ToException(status, _port, cancellationToken);
    }

    public void Dispose()
    {
        _metrics.Called(_port, Method, _status, _time.GetElapsedTime(_begun));
        _activity?.SetTag("rpc.grpc.status_code", (int)_status);
        _activity?.Dispose();
    }
}
