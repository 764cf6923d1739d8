using Merpati.Relaying;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Merpati.Storage.Sqlite;

public static class SqliteStoresRegistration
{
    /// <summary>
    /// Registers the stores of one data folder. They are opened when <see cref="SqliteStores"/> is first asked for: the host asks at start,
    /// before it listens, and shows the message of a <see cref="StoreUnavailableException"/>.
    /// </summary>
    public static IServiceCollection AddSqliteStores(this IServiceCollection services, Func<IServiceProvider, SqliteStoreOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => SqliteStores.Open(options(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SqliteStores>>()));
        services.AddSingleton<IContentStore>(provider => provider.GetRequiredService<SqliteStores>().Content);
        services.AddSingleton<IMailQueue>(provider => provider.GetRequiredService<SqliteStores>().Queue);
        services.AddSingleton<ISharedRecords>(provider => provider.GetRequiredService<SqliteStores>().SharedRecords);
        services.AddSingleton<IJournal>(provider => provider.GetRequiredService<SqliteStores>().Journal);
        services.AddSingleton<IDirectoryStore>(provider => provider.GetRequiredService<SqliteStores>().Directory);
        services.AddSingleton<ISuppressionList>(provider => provider.GetRequiredService<SqliteStores>().Suppressions);
        services.AddSingleton<IMailboxStore>(provider => provider.GetRequiredService<SqliteStores>().Mailboxes);
        services.AddSingleton<ISearchIndex>(provider => provider.GetRequiredService<SqliteStores>().SearchIndex);
        return services;
    }
}
