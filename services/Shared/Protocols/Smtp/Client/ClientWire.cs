using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>What a command came to.</summary>
internal abstract record Answer
{
    private Answer() { }

    public sealed record Replied(RemoteReply Reply) : Answer;

    public sealed record Lost(ConnectionLoss Loss) : Answer;
}

/// <summary>Commands out, replies in, each with its time. After a loss nothing more goes either way.</summary>
internal sealed class ClientWire(IClientTransport transport, TimeProvider time, ILogger logger)
{
    /// <summary>For a server that is about to close, or has closed, to have said why.</summary>
    public static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly ReplyParser _parser = new();
    private Task<ReadResult>? _watch;

    public TimeProvider Time => time;

    public PipeWriter Output => transport.Output;

    /// <summary>Writes a command, to be flushed.</summary>
    /// <param name="shown">For the log, where the command holds a secret.</param>
    public void Write(string command, string? shown = null)
    {
        // What gets here was checked long ago; if not, it must not become two commands.
        if (command.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new ArgumentException("A command is one line.", nameof(command));
        logger.ClientSays(shown ?? command);
        Encoding.UTF8.GetBytes(command + "\r\n", transport.Output);
    }

    /// <summary>One command and its reply.</summary>
    public async ValueTask<Answer> AskAsync(string command, SmtpStage stage, TimeSpan timeout, CancellationToken cancellationToken, string? shown = null)
    {
        Write(command, shown);
        if (await FlushAsync(stage, timeout, cancellationToken).ConfigureAwait(false) is { } loss) return new Answer.Lost(loss);
        return await ReadAsync(stage, timeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null when the server, or the network, took it all in time.</summary>
    public async ValueTask<ConnectionLoss?> FlushAsync(SmtpStage stage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero) return new ConnectionLoss(stage, LossReason.TimedOut, "The server takes the message too slowly");
        try
        {
            var flush = transport.Output.FlushAsync(cancellationToken);
            if (flush.IsCompletedSuccessfully) return flush.Result.IsCompleted ? Closed(stage) : null;
            using var timer = new CancellationTokenSource(timeout, time);
            await using var registration = timer.Token.UnsafeRegister(static output => ((PipeWriter)output!).CancelPendingFlush(), transport.Output);
            var result = await flush.ConfigureAwait(false);
            if (result.IsCanceled) return new ConnectionLoss(stage, LossReason.TimedOut, FormattableString.Invariant($"The server took nothing for {timeout.TotalSeconds:0} s"));
            return result.IsCompleted ? Closed(stage) : null;
        }
        catch (IOException broken) { return new ConnectionLoss(stage, LossReason.Closed, broken.Message); }
    }

    /// <summary>The next reply.</summary>
    /// <param name="timeout">For all of it.</param>
    public async ValueTask<Answer> ReadAsync(SmtpStage stage, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            while (true)
            {
                var read = await ReadInputAsync(either.Token).ConfigureAwait(false);
                var progress = _parser.Read(read.Buffer, out var consumed, out var reply);
                transport.Input.AdvanceTo(consumed);
                switch (progress)
                {
                    case ReplyProgress.Complete:
                        logger.ServerSays(reply!);
                        return new Answer.Replied(reply!);
                    case ReplyProgress.Malformed:
                        return new Answer.Lost(new ConnectionLoss(stage, LossReason.Malformed, _parser.Fault));
                }
                if (read.IsCompleted) return new Answer.Lost(Closed(stage));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer.Lost(new ConnectionLoss(stage, LossReason.TimedOut, FormattableString.Invariant($"No reply within {timeout.TotalSeconds:0} s")));
        }
        catch (IOException broken) { return new Answer.Lost(new ConnectionLoss(stage, LossReason.Closed, broken.Message)); }
    }

    /// <summary>
    /// The server says something, or has closed, although nobody asked it. From here on the connection is watched, so never before a TLS handshake,
    /// which has to read for itself.
    /// </summary>
    public bool HasInput()
    {
        // A pipe over a stream tells what it has only to those who read.
        _watch ??= transport.Input.ReadAsync(CancellationToken.None).AsTask();
        return _watch.IsCompleted;
    }

    /// <summary>A reply of another kind than the command can have.</summary>
    public static ConnectionLoss Unexpected(SmtpStage stage, RemoteReply reply) => new(stage, LossReason.Malformed, $"This is no answer to the command: {reply}");

    private ConnectionLoss Closed(SmtpStage stage) => new(stage, LossReason.Closed, _parser.HasBegun ? "The server closed the connection in the middle of a reply" : "The server closed the connection");

    private async ValueTask<ReadResult> ReadInputAsync(CancellationToken cancellationToken)
    {
        if (_watch is not { } watch) return await transport.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
        var read = await watch.WaitAsync(cancellationToken).ConfigureAwait(false);
        _watch = null;
        return read;
    }
}
