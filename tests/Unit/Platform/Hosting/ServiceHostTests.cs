using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Merpati.Platform.Hosting;
using Merpati.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Hosting;

public sealed class ServiceHostTests
{
    private static readonly Dictionary<string, Type> NoSections = [];

    private volatile string? _problem = "it is not up yet";
    private volatile IHostApplicationLifetime? _lifetime;

    [Fact]
    public async Task A_service_waits_for_what_it_needs_answers_probes_meanwhile_and_stops()
    {
        var port = FreePorts.Take();
        var worked = false;
        var run = ServiceHost.RunAsync<Options>("merpati-test", ["--listen=127.0.0.1", $"--http:port={port}", "--logLevel=None"], NoSections, host =>
        {
            host.DependsOn("MongoDB", (provider, _) =>
            {
                _lifetime = provider.GetRequiredService<IHostApplicationLifetime>();
                return _problem is { } problem ? throw new IOException(problem) : ValueTask.CompletedTask;
            });
            host.Services.AddHostedService(_ => new Worker(() => worked = true));
        });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await EventuallyAsync(async () => await ReadyAsync(http) is (HttpStatusCode.ServiceUnavailable, "The server is starting. MongoDB is not there: it is not up yet.\n"));
        (await http.GetStringAsync("/health/live")).Should().Be("live\n");
        (await http.GetStringAsync("/metrics")).Should().NotBeEmpty();
        worked.Should().BeFalse("its workers begin when the database is there");

        _problem = null;
        await EventuallyAsync(async () => await ReadyAsync(http) is (HttpStatusCode.OK, "ready\n"));
        worked.Should().BeTrue();
        _lifetime!.StopApplication();
        (await run.WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(ExitCode.Ok);
    }

    [Fact]
    public async Task A_service_that_waits_can_be_stopped()
    {
        var run = ServiceHost.RunAsync<Options>("merpati-test", ["--listen=127.0.0.1", $"--http:port={FreePorts.Take()}", "--logLevel=None"], NoSections, host => host.DependsOn("MongoDB", (provider, _) =>
        {
            _lifetime = provider.GetRequiredService<IHostApplicationLifetime>();
            throw new IOException("away");
        }));
        await EventuallyAsync(() => Task.FromResult(_lifetime is not null));
        _lifetime!.StopApplication();
        (await run.WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(ExitCode.Ok);
    }

    [Theory]
    [InlineData("--htp:port=1", ExitCode.Configuration)]
    [InlineData("--http:port=0", ExitCode.Configuration)]
    [InlineData("--config=/no/such/file.yaml", ExitCode.Configuration)]
    [InlineData("--http:certificate=/no/such/file --http:key=/no/such/file", ExitCode.Start)]
    [InlineData("--version", ExitCode.Ok)]
    [InlineData("--help", ExitCode.Ok)]
    public async Task The_exit_code_says_how_it_ended(string arguments, int code)
        => (await ServiceHost.RunAsync<Options>("merpati-test", ["--listen=127.0.0.1", "--logLevel=None", .. arguments.Split(' ')], NoSections, _ => { }).WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(code);

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        (await ServiceHost.RunAsync<Options>("merpati-test", ["--listen=127.0.0.1", "--logLevel=None", $"--http:port={port}"], NoSections, _ => { }).WaitAsync(TimeSpan.FromSeconds(30))).Should().Be(ExitCode.Start);
    }

    private static async Task<(HttpStatusCode Status, string Text)> ReadyAsync(HttpClient http)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException) { return (default, ""); }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (await condition()) return;
            await Task.Delay(10);
        }
        Assert.Fail("It did not come true within 30 s.");
    }

    private sealed class Options : ServiceOptions;

    private sealed class Worker(Action begin) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            begin();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
