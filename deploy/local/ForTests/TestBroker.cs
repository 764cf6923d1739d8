using Merpati.Local.Broker;

namespace Merpati.Local.ForTests;

/// <summary>The RabbitMQ that a test process uses: <c>MERPATI_TEST_RABBITMQ</c>, else one of our own, started when it is first asked for and gone with the process.</summary>
public static class TestBroker
{
    private static readonly Lock Turn = new();
    private static Task<Uri>? _started;

    /// <summary>Tests share the broker: each takes a prefix of its own for its names.</summary>
    public static Task<Uri> UriAsync()
    {
        lock (Turn) return _started ??= StartAsync();
    }

    private static async Task<Uri> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("MERPATI_TEST_RABBITMQ") is { Length: > 0 } given) return new Uri(given);
        var broker = await RabbitBroker.StartNewAsync(CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TestMongo.EndAtExit(broker.DisposeAsync());
        return broker.Uri;
    }
}
