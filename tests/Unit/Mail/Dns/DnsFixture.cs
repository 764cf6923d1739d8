using System.Net;
using Merpati.Mail.Dns;
using Merpati.TestKit.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.Tests.Unit.Mail.Dns;

/// <summary>A resolver on loopback with a zone, and what asks it. The clock of the cache stands until a test moves it.</summary>
internal sealed class DnsFixture : IAsyncDisposable
{
    private DnsFixture(DnsTestServer server, Action<DnsOptions>? configure)
    {
        Server = server;
        // Patience for a slow machine; tests of silence set a short one.
        Options = new DnsOptions { Servers = { server.Address }, Timeout = TimeSpan.FromSeconds(20), QuestionTimeout = TimeSpan.FromSeconds(60), Retries = 1 };
        configure?.Invoke(Options);
        Dns = new MailDns(Options, Time, NullLogger<MailDns>.Instance);
    }

    public DnsTestServer Server { get; }

    public DnsOptions Options { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public MailDns Dns { get; }

    public DestinationOptions Destinations { get; } = new() { AllowPrivateAddresses = true };

    public static DnsFixture With(string zone, Action<DnsOptions>? configure = null) => new(DnsTestServer.Start(zone), configure);

    public Task<Destination> ResolveAsync(string domain, Ourselves? ourselves = null, int seed = 1)
        => new DestinationResolver(Dns, Destinations, new Random(seed)).ResolveAsync(domain, ourselves ?? Ourselves.Unknown, CancellationToken.None).AsTask();

    public async Task<Destination.Hosts> HostsOfAsync(string domain, Ourselves? ourselves = null)
        => Xunit.Assert.IsType<Destination.Hosts>(await ResolveAsync(domain, ourselves));

    public async Task<Destination.None> NoHostsOfAsync(string domain, Ourselves? ourselves = null)
        => Xunit.Assert.IsType<Destination.None>(await ResolveAsync(domain, ourselves));

    public static IReadOnlyList<IPAddress> Addresses(params string[] addresses) => [.. addresses.Select(IPAddress.Parse)];

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
