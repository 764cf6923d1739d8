using Grpc.Core;
using Merpati.Rpc.Faults;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Merpati.Rpc.Calls;

/// <summary>Calls made again: soon, with growing pauses and jitter, within the time of the call. A service that says itself that its store is away is not asked again.</summary>
internal sealed class Retries
{
    private static readonly ResiliencePropertyKey<string> Method = new("method");

    private readonly ResiliencePipeline _always;
    private readonly ResiliencePipeline _ifNotSent;

    public Retries(string port, TimeProvider time, RpcMetrics metrics, ILogger logger)
    {
        _always = Build(Fault.IsOfConnection);
        _ifNotSent = Build(Fault.IsBeforeSending);

        ResiliencePipeline Build(Predicate<RpcException> again) => new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 7,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(50),
                MaxDelay = TimeSpan.FromSeconds(1),
                UseJitter = true,
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is RpcException status && again(status) && !arguments.Context.CancellationToken.IsCancellationRequested),
                OnRetry = arguments =>
                {
                    var method = arguments.Context.Properties.GetValue(Method, "");
                    var status = ((RpcException)arguments.Outcome.Exception!).Status;
                    metrics.Repeated(port, method);
                    logger.TryingAgain(port, method, arguments.AttemptNumber + 2, status.StatusCode, status.Detail);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    public async ValueTask<TResult> ExecuteAsync<TState, TResult>(CallKind kind, string method, Func<TState, CancellationToken, ValueTask<TResult>> attempt, TState state, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Method, method);
        try
        {
            return await (kind == CallKind.Once ? _ifNotSent : _always).ExecuteAsync(
                static (context, state) => state.attempt(state.state, context.CancellationToken), context, (attempt, state));
        }
        finally { ResilienceContextPool.Shared.Return(context); }
    }
}
