using Grpc.Core;
using Merpati.Accounts;
using Merpati.Mailboxes;
using static Merpati.Accounts.V1.DirectoryConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Accounts.V1;

namespace Merpati.Rpc.Accounts;

/// <summary>Serves <see cref="IDirectory"/>.</summary>
internal sealed class DirectoryServer(IDirectory directory) : Wire.DirectoryService.DirectoryServiceBase
{
    public override async Task<Wire.ResolveResponse> Resolve(Wire.ResolveRequest request, ServerCallContext context)
        => (await directory.ResolveAsync(request.Address.ToContract(), context.CancellationToken)).ToWire();

    public override async Task<Wire.IsLocalDomainResponse> IsLocalDomain(Wire.IsLocalDomainRequest request, ServerCallContext context)
        => new() { Local = await directory.IsLocalDomainAsync(request.Domain, context.CancellationToken) };

    public override async Task<Wire.GetAccountResponse> GetAccount(Wire.GetAccountRequest request, ServerCallContext context)
        => new() { Account = (await directory.GetAccountAsync(new AccountId(request.AccountId.ToGuid()), context.CancellationToken))?.ToWire() };

    public override async Task<Wire.LoginResponse> Login(Wire.LoginRequest request, ServerCallContext context)
        => new() { Outcome = (await directory.LoginAsync(request.Login, request.Password, request.Protocol.ToContract(), request.Client.ToAddress(), context.CancellationToken)).ToWire() };

    public override async Task<Wire.GetScramCredentialResponse> GetScramCredential(Wire.GetScramCredentialRequest request, ServerCallContext context)
        => new() { Credential = (await directory.GetScramCredentialAsync(request.Login, request.Client.ToAddress(), context.CancellationToken))?.ToWire() };

    public override async Task<Wire.CompleteScramResponse> CompleteScram(Wire.CompleteScramRequest request, ServerCallContext context)
        => new() { Outcome = (await directory.CompleteScramAsync(request.Login, request.Proven, request.Protocol.ToContract(), request.Client.ToAddress(), context.CancellationToken)).ToWire() };

    public override async Task<Wire.MaySendAsResponse> MaySendAs(Wire.MaySendAsRequest request, ServerCallContext context)
        => new() { Allowed = await directory.MaySendAsAsync(new AccountId(request.AccountId.ToGuid()), request.Sender.ToContract(), context.CancellationToken) };

    public override async Task<Wire.RewriteSenderResponse> RewriteSender(Wire.RewriteSenderRequest request, ServerCallContext context)
        => new() { Rewritten = (await directory.RewriteSenderAsync(request.Sender.ToContract(), request.Forwarder, context.CancellationToken))?.ToWire() };
}
