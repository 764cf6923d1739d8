using Merpati.Bus;
using Merpati.Mail.Dns;
using Merpati.Platform.Admin;
using Merpati.Platform.Classifier;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Rpc;
using Merpati.Storage.MongoDb;
using Merpati.UserDirectory;
using Merpati.UserDirectory.Api;
using Merpati.UserDirectory.ClientSettings;
using Merpati.UserDirectory.Host;
using Microsoft.Extensions.DependencyInjection;

const MongoStoreKinds Stores = MongoStoreKinds.Directory;

var sections = new Dictionary<string, Type>
{
    [UserDirectoryOptions.Section] = typeof(UserDirectoryOptions),
    [ClientSettingsOptions.Section] = typeof(ClientSettingsOptions),
    [MongoStoreOptions.Section] = typeof(MongoStoreOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [BusOptions.Section] = typeof(BusOptions),
    [DnsOptions.Section] = typeof(DnsOptions),
};

return await ServiceHost.RunAsync<UserDirectoryHostOptions>("merpati-user-directory", args, sections, static host =>
{
    host.Services
        .AddMongoStores(Stores)
        .AddBus()
        .AddUserDirectory()
        .AddClassifier().AddReceivedReports()
        .AddMerpatiRpcServer()
        // Administration of what Delivery has: it is asked when somebody asks.
        .AddAccountRemovalClient().AddMailboxesClient().AddMailboxSharingClient().AddQueueClient().AddQueuedHeadersClient().AddJournalClient()
        .PostConfigure<UserDirectoryOptions>(directory => directory.HostName = host.Hostname)
        .PostConfigure<ClientSettingsOptions>(clients => clients.HostName = host.Hostname);
    host.ServeSite(host.Options.Site, static (provider, certificates) => ActivatorUtilities.CreateInstance<ClientSettingsSite>(provider, certificates).AnswerAsync);
    host.DependsOn("MongoDB", static (provider, cancellationToken) => provider.GetRequiredService<MongoStores>().CheckAsync(Stores, cancellationToken));
    host.Listen((_, kestrel) => kestrel.ListenForRpc(host.Configuration.Addresses));
    host.Map(static endpoints => endpoints.MapDirectory().MapSuppressions().MapDkimKeys().MapRpcHealth());
    var tokens = AdminTokens.Load(host.Options.Admin);
    if (!tokens.Any) return;
    host.Services.AddSingleton(tokens).AddSingleton(host.Options.Admin);
    host.Map(static endpoints => endpoints.MapDirectoryAdministration().MapQueueAdministration().MapTraceAdministration().MapClassifierAdministration().MapDmarcAdministration().MapTlsReportAdministration());
});
