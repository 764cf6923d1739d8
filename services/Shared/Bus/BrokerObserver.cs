using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Bus;

/// <summary>Sees MassTransit's connection come and go, by the one endpoint that every process has.</summary>
internal sealed class BrokerObserver(IOptions<BusOptions> options, BusMetrics metrics, ILogger<BrokerObserver> logger) : IReceiveEndpointObserver
{
    private const string ConnectionName = "events";

    private readonly Uri _broker = new(options.Value.Uri);
    private bool? _connected;

    public Task Ready(ReceiveEndpointReady ready)
    {
        if (_connected != true) logger.Connected($"{_broker.Host}:{_broker.Port}", ConnectionName);
        Set(true);
        return Task.CompletedTask;
    }

    public Task Faulted(ReceiveEndpointFaulted faulted)
    {
        if (_connected != false) logger.Away($"{_broker.Host}:{_broker.Port}", ConnectionName, faulted.Exception?.GetBaseException().Message.TrimEnd('.') ?? "the connection was lost");
        Set(false);
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    private void Set(bool connected)
    {
        _connected = connected;
        metrics.Connected(ConnectionName, connected);
    }
}

/// <summary>Does something whenever an endpoint is connected, the first time and again.</summary>
internal sealed class ReadyObserver(Action onReady) : IReceiveEndpointObserver
{
    public Task Ready(ReceiveEndpointReady ready)
    {
        onReady();
        return Task.CompletedTask;
    }

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;
}

/// <summary>Counts and names what goes to the dead-letter queue.</summary>
internal sealed class DeadLetterObserver(BusMetrics metrics, ILogger<DeadLetterObserver> logger) : IReceiveObserver
{
    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class
        => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class
        => Task.CompletedTask;

    public Task ReceiveFault(ReceiveContext context, Exception exception)
    {
        metrics.DeadLetter();
        logger.DeadLetter(context.InputAddress.AbsolutePath, exception);
        return Task.CompletedTask;
    }
}
