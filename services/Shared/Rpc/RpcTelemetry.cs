using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grpc.Core;

namespace Merpati.Rpc;

internal static class RpcTelemetry
{
    public const string Name = "Merpati.Rpc";

    public static ActivitySource Source { get; } = new(Name);
}

/// <summary>Calls between services, from both ends.</summary>
public sealed class RpcMetrics
{
    private readonly Histogram<double> _called;
    private readonly Histogram<double> _served;
    private readonly Counter<long> _repeated;

    public RpcMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(RpcTelemetry.Name);
        _called = meter.CreateHistogram<double>("merpati.rpc.client.duration", "s", "Calls to another service, repetitions and all, by port, method and status.");
        _served = meter.CreateHistogram<double>("merpati.rpc.server.duration", "s", "Calls from other services, by method, caller and status.");
        _repeated = meter.CreateCounter<long>("merpati.rpc.client.retries", "{call}", "Calls that were tried again, by port and method.");
    }

    internal void Called(string port, string method, StatusCode status, TimeSpan duration)
        => _called.Record(duration.TotalSeconds, new TagList { { "port", port }, { "method", method }, { "status", status.ToString() } });

    internal void Served(string method, string caller, StatusCode status, TimeSpan duration)
        => _served.Record(duration.TotalSeconds, new TagList { { "method", method }, { "caller", caller }, { "status", status.ToString() } });

    internal void Repeated(string port, string method) => _repeated.Add(1, new TagList { { "port", port }, { "method", method } });
}
