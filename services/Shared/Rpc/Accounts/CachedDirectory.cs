using System.Diagnostics.Metrics;
using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Rpc.Accounts;

/// <summary>
/// The directory of another process, remembered: who exists and who may, until it changes (<see cref="IDirectoryChangeFeed"/>) or the answer is too old.
/// Logins always go to the directory itself: passwords, failures and delays are its business.
/// </summary>
internal sealed class CachedDirectory : IDirectory, IDisposable
{
    private readonly IDirectory _directory;
    private readonly IDisposable _changes;
    private readonly DirectoryAnswers<EmailAddress, Resolution> _resolutions;
    private readonly DirectoryAnswers<string, bool> _domains;
    private readonly DirectoryAnswers<AccountId, Account?> _accounts;
    private readonly DirectoryAnswers<(AccountId Account, EmailAddress Sender), bool> _rights;

    public CachedDirectory(IDirectory directory, IDirectoryChangeFeed changes, IOptions<DirectoryCacheOptions> options, TimeProvider time, IMeterFactory meters, ILogger<CachedDirectory> logger)
    {
        _directory = directory;
        var clock = new DirectoryAnswersClock(time, meters, logger);
        _resolutions = new(clock, options.Value, static resolution => resolution is Resolution.LocalAccount or Resolution.Alias);
        _domains = new(clock, options.Value, static local => local);
        _accounts = new(clock, options.Value, static account => account is not null);
        _rights = new(clock, options.Value, static may => may);
        _changes = changes.Subscribe(clock.Invalidate);
    }

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken) => _resolutions.GetAsync(address, _directory.ResolveAsync, cancellationToken);

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => _domains.GetAsync(DomainName.Normalize(domain), _directory.IsLocalDomainAsync, cancellationToken);

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => _accounts.GetAsync(account, _directory.GetAccountAsync, cancellationToken);

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken)
        => _rights.GetAsync((account, sender), (key, token) => _directory.MaySendAsAsync(key.Account, key.Sender, token), cancellationToken);

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => _directory.RewriteSenderAsync(sender, forwarder, cancellationToken);

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => _directory.LoginAsync(login, password, protocol, client, cancellationToken);

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
        => _directory.GetScramCredentialAsync(login, client, cancellationToken);

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => _directory.CompleteScramAsync(login, proven, protocol, client, cancellationToken);

    public void Dispose() => _changes.Dispose();
}

public static class DirectoryCacheServices
{
    /// <summary>Puts the cache in front of the <see cref="IDirectory"/> that is registered; needs <see cref="IDirectoryChangeFeed"/>.</summary>
    public static IServiceCollection AddDirectoryCache(this IServiceCollection services)
    {
        services.AddDirectoryCacheOptions();
        var asked = services.Last(service => service.ServiceType == typeof(IDirectory));
        services.Remove(asked);
        var ask = asked.ImplementationFactory ?? (provider => ActivatorUtilities.CreateInstance(provider, asked.ImplementationType!));
        services.AddSingleton<IDirectory>(provider => ActivatorUtilities.CreateInstance<CachedDirectory>(provider, (IDirectory)ask(provider)));
        return services;
    }

    internal static IServiceCollection AddDirectoryCacheOptions(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddOptions<DirectoryCacheOptions>().BindConfiguration(DirectoryCacheOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DirectoryCacheOptions>, DirectoryCacheOptionsValidator>());
        return services;
    }
}
