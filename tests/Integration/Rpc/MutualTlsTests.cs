using AwesomeAssertions;
using Grpc.Core;
using Grpc.Net.Client;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.Tests.Contracts.Rpc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>Who gets in, and to what.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private readonly Credentials _credentials = new();

    public void Dispose() => _credentials.Dispose();

    [Fact]
    public async Task A_service_with_its_certificate_is_let_in()
    {
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        await using var client = new RpcClientUnderTest(server.Address, services => services.AddDirectoryClient(), _credentials.Of(ServiceNames.ImapGateway));

        (await client.Get<IDirectory>().IsLocalDomainAsync("example.test", default)).Should().BeTrue();
        await RpcClients.CheckUserDirectoryAsync(client.Services, default);
    }

    [Fact]
    public async Task Nobody_gets_in_without_a_certificate()
    {
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var channel = GrpcChannel.ForAddress($"https://{server.Address}", new GrpcChannelOptions { HttpHandler = handler });
        var call = () => new Merpati.Accounts.V1.DirectoryService.DirectoryServiceClient(channel).IsLocalDomainAsync(new() { Domain = "example.test" }).ResponseAsync;

        await call.Should().ThrowAsync<RpcException>();
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_worth_nothing()
    {
        using var others = new Credentials();
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        var settings = others.Of(ServiceNames.ImapGateway);
        settings["Authorities"] = _credentials.Authorities; // it believes the server, but not the server it
        await using var client = Client(server, settings);

        await Asking(client).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        using var others = new Credentials();
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        await using var client = Client(server, others.Of(ServiceNames.ImapGateway));

        await Asking(client).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task A_server_under_another_name_is_not_believed()
    {
        await using var server = await ServeAsync(ServiceNames.Delivery);
        await using var client = Client(server, _credentials.Of(ServiceNames.ImapGateway));

        await Asking(client).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_refused()
    {
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        await using var client = Client(server, _credentials.Of(ServiceNames.ImapGateway, TimeSpan.FromMinutes(-5)));

        await Asking(client).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task Each_service_may_make_its_own_calls_alone()
    {
        var removed = new Removals();
        await using var server = await RpcServerUnderTest.StartAsync(
            services => services.AddSingleton<IAccountRemoval>(removed).AddSingleton<IMailboxes>(new InMemoryMailboxes(new Merpati.Platform.Bus.LocalMailboxChangeFeed(), TimeProvider.System)),
            endpoints => endpoints.MapAccountRemoval().MapMailboxes(),
            _credentials.Of(ServiceNames.Delivery));
        await using var gateway = new RpcClientUnderTest(server.Address, services => services.AddMailboxesClient().AddAccountRemovalClient(), _credentials.Of(ServiceNames.ImapGateway));
        await using var directory = new RpcClientUnderTest(server.Address, services => services.AddMailboxesClient().AddAccountRemovalClient(), _credentials.Of(ServiceNames.UserDirectory));
        var ann = new AccountId(Guid.NewGuid());

        await gateway.Get<IMailboxes>().EnsureAccountAsync(ann, default);
        await FluentActions.Awaiting(() => gateway.Get<IAccountRemoval>().RemoveAsync(ann, default).AsTask()).Should().ThrowAsync<IOException>();
        removed.Accounts.Should().BeEmpty();
        await directory.Get<IAccountRemoval>().RemoveAsync(ann, default);
        removed.Accounts.Should().Equal(ann);
        // For export and import.
        (await directory.Get<IMailboxes>().ListAsync(ann, default)).Should().NotBeEmpty();
        await using var relay = new RpcClientUnderTest(server.Address, services => services.AddMailboxesClient(), _credentials.Of(ServiceNames.OutboundRelay));
        await FluentActions.Awaiting(() => relay.Get<IMailboxes>().ListAsync(ann, default).AsTask()).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Reflection_is_for_development()
    {
        await using var server = await ServeAsync(ServiceNames.UserDirectory);
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(endpoint => endpoint.DisplayName).Should().NotContain(name => name!.Contains("Reflection", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_renewed_certificate_is_used_without_a_restart()
    {
        // Ends at once: only the certificate that comes after it can be what lets the second client in.
        var settings = _credentials.Of(ServiceNames.UserDirectory, TimeSpan.FromMinutes(-5));
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IDirectory>(new SingleAccountDirectory()), endpoints => endpoints.MapDirectory(), settings);
        await using var client = Client(server, _credentials.Of(ServiceNames.ImapGateway));
        await Asking(client).Should().ThrowAsync<StoreUnavailableException>();

        _credentials.Renew(ServiceNames.UserDirectory);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var answered = false;
        while (!answered)
        {
            try { answered = await client.Get<IDirectory>().IsLocalDomainAsync("example.test", limit.Token); }
            catch (StoreUnavailableException) { }
        }
    }

    [Fact]
    public void A_service_without_certificate_does_not_start()
    {
        static OptionsValidationException Start(Dictionary<string, string?> settings)
        {
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
            services.AddDirectoryClient();
            using var provider = services.BuildServiceProvider();
            return Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        }

        Start([]).Message.Should().Contain("Certificate: name the PEM file").And.Contain("UserDirectory: write where the service is");
        var files = _credentials.Of(ServiceNames.ImapGateway).ToDictionary(setting => "Rpc:" + setting.Key, setting => setting.Value);
        files["Rpc:UserDirectory"] = "dns:///user-directory:8443";
        files["Rpc:Key"] = "/nowhere/key.pem";
        Start(files).Message.Should().Contain("/nowhere/key.pem");
    }

    private static Func<Task> Asking(RpcClientUnderTest client) => () => client.Get<IDirectory>().IsLocalDomainAsync("example.test", default).AsTask();

    private Task<RpcServerUnderTest> ServeAsync(string name)
        => RpcServerUnderTest.StartAsync(services => services.AddSingleton<IDirectory>(new SingleAccountDirectory()), endpoints => endpoints.MapDirectory(), _credentials.Of(name));

    private static RpcClientUnderTest Client(RpcServerUnderTest server, Dictionary<string, string?> settings)
    {
        settings["LookupTimeout"] = "00:00:02";
        return new RpcClientUnderTest(server.Address, services => services.AddDirectoryClient(), settings);
    }

    private sealed class Removals : IAccountRemoval
    {
        public List<AccountId> Accounts { get; } = [];

        public ValueTask RemoveAsync(AccountId account, CancellationToken cancellationToken)
        {
            Accounts.Add(account);
            return ValueTask.CompletedTask;
        }
    }
}
