using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using AwesomeAssertions;
using Grpc.Core;
using Grpc.Net.Client.Balancer;
using Merpati.Rpc.Calls;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Rpc;

public sealed class PeerResolverTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Channel<ResolverResult> _results = Channel.CreateUnbounded<ResolverResult>();
    private readonly PeerResolver _resolver;
    private volatile string[]? _addresses = ["192.0.2.1"];
    private int _asked;

    public PeerResolverTests()
    {
        _resolver = new PeerResolver("delivery-rpc", 8443, (host, _) =>
        {
            host.Should().Be("delivery-rpc");
            Interlocked.Increment(ref _asked);
            return _addresses is { } known ? Task.FromResult(known.Select(IPAddress.Parse).ToArray()) : throw new SocketException((int)SocketError.TryAgain);
        }, _time, NullLoggerFactory.Instance);
        _resolver.Start(result => _results.Writer.TryWrite(result));
    }

    public void Dispose() => _resolver.Dispose();

    [Fact]
    public async Task A_pod_that_is_new_is_known_without_a_connection_that_ends()
    {
        (await NextAsync(_resolver.Refresh)).Should().Equal("192.0.2.1");
        _addresses = ["192.0.2.1", "2001:db8::2"];
        (await NextAsync(IntervalPasses)).Should().Equal("192.0.2.1", "2001:db8::2");
    }

    [Fact]
    public async Task Whoever_has_lost_a_connection_asks_within_moments_but_not_again_and_again()
    {
        await NextAsync(_resolver.Refresh);
        _addresses = ["192.0.2.2"];
        for (var i = 0; i < 10; i++) _resolver.Refresh();
        _asked.Should().Be(1);
        (await NextAsync(() =>
        {
            _resolver.Refresh();
            _time.Advance(TimeSpan.FromMilliseconds(200));
        })).Should().Equal("192.0.2.2");
    }

    [Fact]
    public async Task DNS_that_is_away_is_a_failure_and_asked_again()
    {
        await NextAsync(_resolver.Refresh);
        _addresses = null;
        (await ResultAsync(IntervalPasses)).Status.StatusCode.Should().Be(StatusCode.Unavailable);
        _addresses = ["192.0.2.4"];
        ResolverResult result;
        do result = await ResultAsync(IntervalPasses);
        while (result.Addresses is null);
        result.Addresses.Select(address => address.EndPoint.Host).Should().Equal("192.0.2.4");
    }

    private void IntervalPasses() => _time.Advance(PeerResolver.Interval);

    /// <param name="push">Done again until there is a result: what is asked while an answer is being handed on is not asked.</param>
    private async Task<ResolverResult> ResultAsync(Action push)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        ResolverResult? result;
        while (!_results.Reader.TryRead(out result))
        {
            push();
            await Task.Delay(10, patience.Token);
        }
        return result;
    }

    private async Task<IEnumerable<string>> NextAsync(Action push) => (await ResultAsync(push)).Addresses!.Select(address => address.EndPoint.Host);
}
