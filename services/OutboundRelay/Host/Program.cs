using Merpati.Bus;
using Merpati.OutboundRelay;
using Merpati.OutboundRelay.Host;
using Merpati.Platform.Hosting;
using Merpati.Storage.MongoDb;
using Microsoft.Extensions.DependencyInjection;

const MongoStoreKinds Stores = MongoStoreKinds.Content | MongoStoreKinds.Queue | MongoStoreKinds.Journal;

var sections = new Dictionary<string, Type>
{
    [MongoStoreOptions.Section] = typeof(MongoStoreOptions),
    [BusOptions.Section] = typeof(BusOptions),
};

return await ServiceHost.RunAsync<OutboundRelayHostOptions>("merpati-outbound-relay", args, sections, static host =>
{
    host.Services.AddMongoStores(Stores).AddBus().AddOutboundRelay();
    host.DependsOn("MongoDB", static (provider, cancellationToken) => provider.GetRequiredService<MongoStores>().CheckAsync(Stores, cancellationToken));
});
