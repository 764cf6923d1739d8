using Merpati.Accounts;
using Merpati.Platform.Bus;
using Merpati.Platform.Dns;
using Merpati.Platform.Sharing;
using Merpati.Signing;
using Merpati.Storage;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Addresses;
using Merpati.UserDirectory.ClientSettings;
using Merpati.UserDirectory.Credentials;
using Merpati.UserDirectory.Domains;
using Merpati.UserDirectory.Signing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory;

public static class UserDirectoryServices
{
    /// <summary>
    /// <see cref="IDirectory"/> and its administration. Needs an <see cref="IDirectoryStore"/>; takes every <see cref="IAccountRemoval"/> that is registered.
    /// The change feed is that of one process unless another was added before.
    /// </summary>
    public static IServiceCollection AddUserDirectory(this IServiceCollection services)
    {
        services.AddOptions<UserDirectoryOptions>().BindConfiguration(UserDirectoryOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<UserDirectoryOptions>, UserDirectoryOptionsValidator>();
        services.AddOptions<ClientSettingsOptions>().BindConfiguration(ClientSettingsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ClientSettingsOptions>, ClientSettingsOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IDirectoryChangeFeed, LocalDirectoryChangeFeed>();
        services.AddSingleton<DirectoryCache>();
        services.AddSingleton<DirectoryChanges>();
        services.AddSingleton<StoredAddressBook>();
        services.AddSingleton<AddressMatcher>();
        services.AddSingleton<AddressResolver>();
        services.AddSingleton<AliasLoops>();
        services.AddSingleton<SenderRights>();
        services.AddSingleton<RewrittenSenders>();
        services.AddSingleton<HashingGate>();
        services.AddSingleton<CredentialMaker>();
        services.AddSingleton<RecentLogins>();
        services.AddSingleton<LoginThrottle>();
        services.AddSharedCounts(static provider => provider.GetRequiredService<LoginThrottle>());
        services.AddSingleton<LoginCheck>();
        services.AddSingleton<IDirectory, AccountDirectory>();
        services.AddMailDns();
        services.AddSingleton<IDkimKeys, ActiveDkimKeys>();
        services.AddSingleton(static provider => new DkimAdministration(
            provider.GetRequiredService<IDirectoryStore>(),
            provider.GetRequiredService<DirectoryChanges>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddHostedService<DkimActivation>();
        services.AddSingleton(provider => new DomainAdministration(
            provider.GetRequiredService<IDirectoryStore>(),
            provider.GetRequiredService<DirectoryChanges>(),
            provider.GetRequiredService<StoredAddressBook>(),
            provider.GetRequiredService<AliasLoops>()));
        services.AddSingleton(provider => new AliasAdministration(
            provider.GetRequiredService<IDirectoryStore>(),
            provider.GetRequiredService<DirectoryChanges>(),
            provider.GetRequiredService<StoredAddressBook>(),
            provider.GetRequiredService<AliasLoops>()));
        services.AddSingleton(provider => new AccountAdministration(
            provider.GetRequiredService<IDirectoryStore>(),
            provider.GetRequiredService<DirectoryChanges>(),
            provider.GetRequiredService<CredentialMaker>(),
            provider.GetRequiredService<RecentLogins>(),
            provider.GetServices<IAccountRemoval>()));
        return services;
    }
}
