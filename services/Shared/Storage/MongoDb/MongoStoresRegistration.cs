using Merpati.Relaying;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Storage.MongoDb;

public static class MongoStoresRegistration
{
    /// <summary>
    /// Registers these stores of the cluster's database. The host calls <see cref="MongoStores.PrepareAsync"/> before it listens, and shows the message of a <see cref="StoreUnavailableException"/>.
    /// </summary>
    public static IServiceCollection AddMongoStores(this IServiceCollection services, MongoStoreKinds kinds)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<MongoStoreOptions>().BindConfiguration(MongoStoreOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MongoStoreOptions>, MongoStoreOptionsValidator>();
        services.AddSingleton(provider => new MongoStores(provider.GetRequiredService<IOptions<MongoStoreOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MongoStores>>()));
        if (kinds.HasFlag(MongoStoreKinds.Content)) services.AddSingleton<IContentStore>(provider => provider.GetRequiredService<MongoStores>().Content);
        if (kinds.HasFlag(MongoStoreKinds.Queue)) services.AddSingleton<IMailQueue>(provider => provider.GetRequiredService<MongoStores>().Queue);
        if (kinds.HasFlag(MongoStoreKinds.Queue) || kinds.HasFlag(MongoStoreKinds.Directory)) services.AddSingleton<ISharedRecords>(provider => provider.GetRequiredService<MongoStores>().SharedRecords);
        if (kinds.HasFlag(MongoStoreKinds.Journal)) services.AddSingleton<IJournal>(provider => provider.GetRequiredService<MongoStores>().Journal);
        if (kinds.HasFlag(MongoStoreKinds.Directory)) services.AddSingleton<IDirectoryStore>(provider => provider.GetRequiredService<MongoStores>().Directory);
        if (kinds.HasFlag(MongoStoreKinds.Directory)) services.AddSingleton<ISuppressionList>(provider => provider.GetRequiredService<MongoStores>().Suppressions);
        if (kinds.HasFlag(MongoStoreKinds.Maildrops)) services.AddSingleton<IMaildropLeases>(provider => provider.GetRequiredService<MongoStores>().Maildrops);
        if (kinds.HasFlag(MongoStoreKinds.Mailboxes)) services.AddSingleton<IMailboxStore>(provider => provider.GetRequiredService<MongoStores>().Mailboxes);
        if (kinds.HasFlag(MongoStoreKinds.Mailboxes)) services.AddSingleton<ISearchIndex>(provider => provider.GetRequiredService<MongoStores>().SearchIndex);
        return services;
    }
}

/// <summary>Checks the section with its annotations.</summary>
[OptionsValidator]
internal sealed partial class MongoStoreOptionsValidator : IValidateOptions<MongoStoreOptions>;
