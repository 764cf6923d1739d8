using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Merpati.TestKit;

/// <summary>A span as it came over OTLP.</summary>
/// <param name="Service">The resource's <c>service.name</c>.</param>
/// <param name="TraceId">32 hex digits.</param>
/// <param name="SpanId">16 hex digits.</param>
/// <param name="ParentId">16 hex digits; empty for the first of a trace.</param>
/// <param name="Links">Trace ids of the spans that it links to.</param>
public sealed record CollectedSpan(string Service, string TraceId, string SpanId, string ParentId, string Name, IReadOnlyList<string> Links)
{
    public bool BelongsTo(string traceId) => TraceId == traceId || Links.Contains(traceId, StringComparer.Ordinal);
}

/// <summary>Takes the spans that processes export over OTLP (HTTP with protobuf) and keeps them.</summary>
public sealed class SpanCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<CollectedSpan> _spans = new();

    private SpanCollector(WebApplication app) => _app = app;

    public IReadOnlyCollection<CollectedSpan> Spans => _spans;

    /// <summary>What a process needs in its environment to send its spans here, soon.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    public static async Task<SpanCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new SpanCollector(app);
        app.MapPost("/v1/traces", collector.TakeAsync);
        app.MapPost("/v1/{other}", () => Results.Ok());
        await app.StartAsync();
        return collector;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        // ExportTraceServiceRequest { ResourceSpans resource_spans = 1 }
        foreach (var resourceSpans in Fields(ByteString.CopyFrom(body.ToArray()), 1)) Read(resourceSpans);
        return Results.Bytes([], "application/x-protobuf");
    }

    /// <summary>ResourceSpans { Resource resource = 1; ScopeSpans scope_spans = 2 }, of opentelemetry/proto/trace/v1.</summary>
    private void Read(ByteString resourceSpans)
    {
        var service = Fields(resourceSpans, 1).SelectMany(resource => Fields(resource, 1)).Select(Attribute).FirstOrDefault(attribute => attribute.Key == "service.name").Value ?? "";
        foreach (var span in Fields(resourceSpans, 2).SelectMany(scope => Fields(scope, 2)))
        {
            _spans.Enqueue(new CollectedSpan(
                service, Hex(Fields(span, 1)), Hex(Fields(span, 2)), Hex(Fields(span, 4)),
                Fields(span, 5).FirstOrDefault()?.ToStringUtf8() ?? "",
                [.. Fields(span, 13).Select(link => Hex(Fields(link, 1)))]));
        }
    }

    /// <summary>KeyValue { string key = 1; AnyValue value = 2 { string string_value = 1 } }.</summary>
    private static (string Key, string? Value) Attribute(ByteString attribute)
        => (Fields(attribute, 1).FirstOrDefault()?.ToStringUtf8() ?? "", Fields(attribute, 2).SelectMany(value => Fields(value, 1)).FirstOrDefault()?.ToStringUtf8());

    private static string Hex(IEnumerable<ByteString> field) => field.FirstOrDefault() is { } octets ? Convert.ToHexStringLower(octets.Span) : "";

    /// <summary>The length-delimited fields with this number.</summary>
    private static List<ByteString> Fields(ByteString message, int number)
    {
        var found = new List<ByteString>();
        using var input = message.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited) found.Add(input.ReadBytes());
            else input.SkipLastField();
        }
        return found;
    }
}
