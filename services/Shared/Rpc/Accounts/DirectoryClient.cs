using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Accounts.V1.DirectoryConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Accounts.V1;

namespace Merpati.Rpc.Accounts;

/// <summary><see cref="IDirectory"/> at UserDirectory. A login that may have been counted is not made again: twice would be two failures against one wrong password.</summary>
internal sealed class DirectoryClient(Wire.DirectoryService.DirectoryServiceClient directory, Caller caller) : IDirectory
{
    public async ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.ResolveAsync, new Wire.ResolveRequest { Address = address.ToWire() }, cancellationToken)).ToContract();

    public async ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.IsLocalDomainAsync, new Wire.IsLocalDomainRequest { Domain = domain }, cancellationToken)).Local;

    public async ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.GetAccountAsync, new Wire.GetAccountRequest { AccountId = account.Value.ToWire() }, cancellationToken)).Account?.ToContract();

    public async ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        var request = new Wire.LoginRequest { Login = login, Password = password, Protocol = protocol.ToWire(), Client = client.ToWire() };
        return (await caller.AskAsync(CallKind.Once, directory.LoginAsync, request, cancellationToken)).Outcome.ToContract();
    }

    public async ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.GetScramCredentialAsync, new Wire.GetScramCredentialRequest { Login = login, Client = client.ToWire() }, cancellationToken)).Credential?.ToContract();

    public async ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        var request = new Wire.CompleteScramRequest { Login = login, Proven = proven, Protocol = protocol.ToWire(), Client = client.ToWire() };
        return (await caller.AskAsync(CallKind.Once, directory.CompleteScramAsync, request, cancellationToken)).Outcome.ToContract();
    }

    public async ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.MaySendAsAsync, new Wire.MaySendAsRequest { AccountId = account.Value.ToWire(), Sender = sender.ToWire() }, cancellationToken)).Allowed;

    public async ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken)
        => (await caller.AskAsync(CallKind.Question, directory.RewriteSenderAsync, new Wire.RewriteSenderRequest { Sender = sender.ToWire(), Forwarder = forwarder }, cancellationToken)).Rewritten?.ToContract();
}
