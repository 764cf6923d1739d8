using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.UserDirectory.Addresses;
using Merpati.UserDirectory.Credentials;

namespace Merpati.UserDirectory;

/// <summary>The directory that all services ask, over this installation's store.</summary>
internal sealed class AccountDirectory(IDirectoryStore store, DirectoryCache cache, AddressResolver resolver, SenderRights rights, RewrittenSenders rewritten, LoginCheck logins) : IDirectory
{
    public async ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        var resolution = await rewritten.ResolveAsync(address, cancellationToken) ?? (await resolver.MatchAsync(address, cancellationToken)).ToResolution();
        UserDirectoryTelemetry.CountResolution(resolution);
        return resolution;
    }

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => resolver.IsLocalDomainAsync(domain, cancellationToken);

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => cache.Accounts.GetAsync(account, store.FindAccountAsync, cancellationToken);

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => logins.LoginAsync(login, password, protocol, client, cancellationToken);

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
        => logins.FindScramAsync(login, client, cancellationToken);

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => logins.CompleteScramAsync(login, proven, protocol, client, cancellationToken);

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken) => rights.MaySendAsAsync(account, sender, cancellationToken);

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => rewritten.RewriteAsync(sender, forwarder, cancellationToken);
}
