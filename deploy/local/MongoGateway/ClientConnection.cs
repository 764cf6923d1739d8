using System.Net.Sockets;
using Merpati.Local.MongoGateway.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Local.MongoGateway;

/// <summary>One driver connection: a request is read, run and answered before the next. A client that closes while its command runs cancels it.</summary>
internal sealed class ClientConnection(int id, Socket socket, CommandRunner runner, ILogger logger)
{
    private readonly Client _client = new(id);
    private readonly byte[] _peeked = new byte[1];


    public async Task ServeAsync(CancellationToken stopping)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var frames = new FrameReader(socket);
        var listening = Task.CompletedTask;
        try
        {
            for (var reply = 1; ; reply++)
            {
                await listening;
                if (await frames.ReadAsync(gone.Token) is not { } frame) return;
                if (!frames.HasMore) listening = NoticeCloseAsync(gone);
                await AnswerAsync(frame, reply, gone.Token);
            }
        }
        catch (WireFormatException e)
        {
            GatewayLog.NotAMessage(logger, id, e.Message);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client left, or the gateway stops.
        }
        finally
        {
            await gone.CancelAsync();
            socket.Close();
            await listening;
        }
    }

    private async ValueTask AnswerAsync(ReadOnlyMemory<byte> frame, int reply, CancellationToken cancellationToken)
    {
        var request = Request.Parse(frame);
        var document = await runner.RunAsync(request, _client, cancellationToken);
        if (!request.Unacknowledged) await ReplyFrame.SendAsync(socket, request, reply, document, cancellationToken);
    }

    /// <summary>Waits until there is something to read, without reading it; when that is the end, the running command is in vain.</summary>
    private async Task NoticeCloseAsync(CancellationTokenSource gone)
    {
        try
        {
            if (await socket.ReceiveAsync(_peeked, SocketFlags.Peek, gone.Token) == 0) await gone.CancelAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            if (e is SocketException) await gone.CancelAsync();
        }
    }
}
