using Merpati.Bus;
using Merpati.Delivery;
using Merpati.Delivery.Host;
using Merpati.Delivery.Mailboxes;
using Merpati.Platform.Hosting;
using Merpati.Platform.Reports;
using Merpati.Rpc;
using Merpati.Rpc.Accounts;
using Merpati.Storage;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.DependencyInjection;

const MongoStoreKinds Stores = MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Mailboxes | MongoStoreKinds.Journal | MongoStoreKinds.Maildrops;

var sections = new Dictionary<string, Type>
{
    [DeliveryOptions.Section] = typeof(DeliveryOptions),
    [ReportOptions.Section] = typeof(ReportOptions),
    [MailboxesOptions.Section] = typeof(MailboxesOptions),
    [MongoStoreOptions.Section] = typeof(MongoStoreOptions),
    [RpcOptions.Section] = typeof(RpcOptions),
    [DirectoryCacheOptions.Section] = typeof(DirectoryCacheOptions),
    [BusOptions.Section] = typeof(BusOptions),
};

return await ServiceHost.RunAsync<DeliveryHostOptions>("merpati-delivery", args, sections, static host =>
{
    host.Services
        .AddMongoStores(Stores)
        .AddBus(QueueRoute.Local)
        .AddDirectoryClient().AddDirectoryCache()
        .AddSuppressionsClient()
        .AddDelivery()
        .AddMerpatiRpcServer()
        .PostConfigure<DeliveryOptions>(delivery => delivery.HostName = host.Hostname);
    host.DependsOn("MongoDB", static (provider, cancellationToken) => provider.GetRequiredService<MongoStores>().CheckAsync(Stores, cancellationToken));
    host.DependsOn("UserDirectory", RpcClients.CheckUserDirectoryAsync);
    host.Listen((_, kestrel) => kestrel.ListenForRpc(host.Configuration.Addresses));
    host.Map(static endpoints => endpoints.MapMailboxes().MapMaildropLocks().MapAccountRemoval().MapMailboxSharing().MapQueue().MapQueuedHeaders().MapTimeline().MapRpcHealth());
});
