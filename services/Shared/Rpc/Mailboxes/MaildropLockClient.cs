using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using Microsoft.Extensions.Logging;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

/// <summary><see cref="IMaildropLock"/> at Delivery: a lock is an open call.</summary>
internal sealed class MaildropLockClient(Wire.MaildropService.MaildropServiceClient client, Caller caller, ILogger<MaildropLockClient> logger) : IMaildropLock
{
    public async ValueTask<IAsyncDisposable?> TryAcquireAsync(AccountId account, CancellationToken cancellationToken)
    {
        var maildrop = new HeldMaildrop(client, caller, account, logger);
        try
        {
            if (await maildrop.TryTakeAsync(cancellationToken)) return maildrop;
        }
        catch
        {
            await maildrop.DisposeAsync();
            throw;
        }
        await maildrop.DisposeAsync();
        return null;
    }
}

/// <summary>A lock that is held. When its call breaks it is taken again, at whichever Delivery answers, under the same name: the lease is still this session's.</summary>
internal sealed class HeldMaildrop(Wire.MaildropService.MaildropServiceClient client, Caller caller, AccountId account, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly Wire.HoldRequest _request = new() { AccountId = account.Value.ToWire(), HolderId = Guid.NewGuid().ToWire() };
    private readonly CancellationTokenSource _ended = new();
    private AsyncDuplexStreamingCall<Wire.HoldRequest, Wire.HoldResponse>? _call;
    private Task _keeping = Task.CompletedTask;
    private volatile bool _releasing;

    public async ValueTask<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        if (!await TakeAsync(cancellationToken)) return false;
        _keeping = KeepAsync();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_releasing) return;
        _releasing = true;
        try
        {
            // The end of our stream gives it back; the end of theirs says that it is free.
            if (_call is not null) await _call.RequestStream.CompleteAsync();
            await _keeping.WaitAsync(Farewell, caller.Time);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or TimeoutException) { } // broken: it runs out
        await _ended.CancelAsync();
        await _keeping;
        _call?.Dispose();
        _ended.Dispose();
    }

    /// <summary>Returns with the answer; the call stays open.</summary>
    private async ValueTask<bool> TakeAsync(CancellationToken cancellationToken)
    {
        using var span = caller.Begin("TryAcquire");
        try
        {
            _call = await caller.Retries.ExecuteAsync(CallKind.Repeatable, span.Method, static (state, cancelled) => state.maildrop.CallAsync(state.span, cancelled), (maildrop: this, span), cancellationToken);
            return _call.ResponseStream.Current.Acquired;
        }
        catch (RpcException status) { throw span.Fail(status, cancellationToken); }
    }

    private async ValueTask<AsyncDuplexStreamingCall<Wire.HoldRequest, Wire.HoldResponse>> CallAsync(CallSpan span, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(caller.IdleTimeout, caller.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        var call = client.Hold(span.Options(_ended.Token));
        try
        {
            await call.RequestStream.WriteAsync(_request, either.Token);
            return await call.ResponseStream.MoveNext(either.Token) ? call : throw new RpcException(new Status(StatusCode.Unavailable, "The answer is missing."));
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private async Task KeepAsync()
    {
        while (true)
        {
            try
            {
                await _call!.ResponseStream.MoveNext(_ended.Token);
                return;
            }
            catch (RpcException) when (_releasing) { return; }
            catch (RpcException lost) when (lost.StatusCode == StatusCode.Aborted)
            {
                logger.MaildropLost(account, lost.Status.Detail);
                return;
            }
            catch (RpcException broken)
            {
                if (!await TakeAgainAsync(broken)) return;
            }
        }
    }

    private async ValueTask<bool> TakeAgainAsync(RpcException broken)
    {
        _call!.Dispose();
        while (!_releasing)
        {
            try
            {
                if (await TakeAsync(_ended.Token)) return true;
                logger.MaildropLost(account, broken.Status.Detail);
                return false;
            }
            catch (IOException) { await Task.Delay(Pause, caller.Time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); }
            catch (OperationCanceledException) { return false; }
        }
        return false;
    }
}
