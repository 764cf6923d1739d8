using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Storage;

namespace Merpati.UserDirectory.Addresses;

/// <summary>
/// Addresses of ours that stand for senders elsewhere whose mail we forwarded (the Sender Rewriting Scheme). Nothing is stored: the address says for whom it stands,
/// and only the installation's secret can make one.
/// </summary>
internal sealed class RewrittenSenders(IDirectoryStore store, AddressResolver resolver, TimeProvider time)
{
    private SrsRewriter? _rewriter;

    /// <summary>Null when the address has not that form, or its domain is not ours.</summary>
    public async ValueTask<Resolution?> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        if (!SenderRewriting.IsRewritten(address) || !await resolver.IsLocalDomainAsync(address.Domain, cancellationToken)) return null;
        return (await RewriterAsync(cancellationToken)).Reverse(address) switch
        {
            SrsReversal.Known known => new Resolution.Alias([known.Sender]),
            SrsReversal.Forged or SrsReversal.Expired or SrsReversal.NotSrs => new Resolution.UnknownUser(),
            _ => throw new UnreachableException(),
        };
    }

    /// <inheritdoc cref="IDirectory.RewriteSenderAsync"/>
    public async ValueTask<EmailAddress?> RewriteAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken)
        => await resolver.IsLocalDomainAsync(sender.Domain, cancellationToken) ? sender : (await RewriterAsync(cancellationToken)).Forward(sender, forwarder);

    private async ValueTask<SrsRewriter> RewriterAsync(CancellationToken cancellationToken)
        => _rewriter ??= new SrsRewriter(await store.InstallationSecretAsync(cancellationToken), time);
}
