using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary>
/// Holds leases on maildrops for as long as their calls are open. A lease is renewed while its call is; a call that broke leaves it to run out soon,
/// which is the time that the session behind it has to come back, here or at another Delivery.
/// </summary>
internal sealed class MaildropServer(IMaildropLeases leases, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MaildropServer> logger) : Wire.MaildropService.MaildropServiceBase
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan TimeToComeBack = TimeSpan.FromSeconds(3);

    public override async Task Hold(IAsyncStreamReader<Wire.HoldRequest> requestStream, IServerStreamWriter<Wire.HoldResponse> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken)) throw new Wire.WireFormatException("The request that names the account is missing.");
        var account = new AccountId(requestStream.Current.AccountId.ToGuid());
        var holder = requestStream.Current.HolderId.ToGuid();
        if (!await leases.TryTakeAsync(account, holder, Lease, context.CancellationToken))
        {
            await responseStream.WriteAsync(new Wire.HoldResponse { Acquired = false }, context.CancellationToken);
            return;
        }
        var released = false;
        try
        {
            await responseStream.WriteAsync(new Wire.HoldResponse { Acquired = true }, context.CancellationToken);
            await KeepAsync(account, holder, requestStream, context.CancellationToken);
            released = true;
            await leases.ReleaseAsync(account, holder, CancellationToken.None);
        }
        finally
        {
            if (!released && !lifetime.ApplicationStopping.IsCancellationRequested) await LeaveAsync(account, holder);
        }
    }

    /// <summary>Returns when the caller gives the lock back.</summary>
    private async Task KeepAsync(AccountId account, Guid holder, IAsyncStreamReader<Wire.HoldRequest> requestStream, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var end = requestStream.MoveNext(cancellationToken);
        while (await Task.WhenAny(end, Task.Delay(Renewal, time, either.Token)) != end)
        {
            // Another Delivery goes on with it; an open call would hold up the end of this one.
            if (lifetime.ApplicationStopping.IsCancellationRequested) throw new RpcException(new Status(StatusCode.Unavailable, "This server is stopping."));
            if (!await RenewAsync(account, holder, cancellationToken)) throw new RpcException(new Status(StatusCode.Aborted, "Another session has the maildrop."));
        }
        if (await end) throw new Wire.WireFormatException("There is nothing more to say after the account.");
    }

    /// <summary>A store that is away for a moment takes nothing away.</summary>
    private async ValueTask<bool> RenewAsync(AccountId account, Guid holder, CancellationToken cancellationToken)
    {
        try { return await leases.TryTakeAsync(account, holder, Lease, cancellationToken); }
        catch (StoreUnavailableException away)
        {
            logger.MaildropNotRenewed(account, away.Message);
            return true;
        }
    }

    private async ValueTask LeaveAsync(AccountId account, Guid holder)
    {
        try { await leases.TryTakeAsync(account, holder, TimeToComeBack, CancellationToken.None); }
        catch (IOException away) { logger.MaildropNotRenewed(account, away.Message); } // it runs out a little later
    }
}
