using Merpati.Bus;
using Merpati.Mail.Dns;
using Merpati.OutboundRelay;
using Merpati.OutboundRelay.Destinations;
using Merpati.OutboundRelay.Host;
using Merpati.OutboundRelay.Queue;
using Merpati.OutboundRelay.Sending;
using Merpati.OutboundRelay.TlsReports;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.DependencyInjection;

const MongoStoreKinds Stores = MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Journal;

var sections = new Dictionary<string, Type>
{
    [OutboundRelayOptions.Section] = typeof(OutboundRelayOptions),
    [SendingOptions.Section] = typeof(SendingOptions),
    [DnsOptions.Section] = typeof(DnsOptions),
    [DestinationOptions.Section] = typeof(DestinationOptions),
    [RelayRoutesOptions.Section] = typeof(RelayRoutesOptions),
    [TlsPolicyOptions.Section] = typeof(TlsPolicyOptions),
    [TlsReportOptions.Section] = typeof(TlsReportOptions),
    [ReportOptions.Section] = typeof(ReportOptions),
    [MongoStoreOptions.Section] = typeof(MongoStoreOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [DirectoryCacheOptions.Section] = typeof(DirectoryCacheOptions),
    [BusOptions.Section] = typeof(BusOptions),
};

return await ServiceHost.RunAsync<OutboundRelayHostOptions>("merpati-outbound-relay", args, sections, static host =>
{
    host.Services
        .AddMongoStores(Stores)
        .AddBus(QueueRoute.Relay)
        .AddDirectoryClient().AddDirectoryCache()
        .AddDkimKeysClient().AddSuppressionsClient()
        .AddOutboundRelay()
        .PostConfigure<OutboundRelayOptions>(relay => relay.HostName = host.Hostname);
    host.DependsOn("MongoDB", static (provider, cancellationToken) => provider.GetRequiredService<MongoStores>().CheckAsync(Stores, cancellationToken));
    host.DependsOn("UserDirectory", RpcClients.CheckUserDirectoryAsync);
});
