using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The loop of one connection: a command is read, run, and answered, one after the other however many were pipelined.
/// Only here tagged responses are written, goodbyes said, and faults caught.
/// </summary>
internal sealed class ImapConnection(ImapSession session)
{
    private static readonly Completion UidRequired = new(CompletionStatus.Bad, "UIDREQUIRED", "Message numbers are of no use after ENABLE UIDONLY");

    private int _badBeforeLogin;

    public async Task RunAsync()
    {
        session.Log.SessionStarted(session.Id, session.Transport.RemoteEndPoint);
        string reason;
        try
        {
            session.Output.Untagged("OK", $"CAPABILITY {Capabilities.For(session)}", $"{session.Options.ServerName} ready");
            try { reason = await ServeAsync().ConfigureAwait(false); }
            catch (ConnectionLostException lost) when (lost.CanWrite) { reason = lost.Message; }
            await session.Output.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception) when (session.Aborted.IsCancellationRequested) { reason = session.IsLost ? "client gone" : "aborted"; } // a transport that is cut down throws what it likes
        catch (IOException lost) { reason = lost.Message; }
#pragma warning disable CA1031 // A fault of one session must not reach the others; it is logged whole.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            session.Log.SessionFailed(fault, session.Id);
            reason = "fault";
        }
        session.Log.SessionEnded(session.Id, reason);
    }

    private async ValueTask<string> ServeAsync()
    {
        while (true)
        {
            var beforeLogin = session.State is SessionState.NotAuthenticated;
            var (input, arrival) = await ReadCommandAsync(beforeLogin).ConfigureAwait(false);
            if (arrival != Arrival.Octets) return SayGoodbye(arrival);
            var completion = input.Refusal ?? await RunCommandAsync(input.Line).ConfigureAwait(false);
            var bye = completion.Bye ?? (IsTooMuchNonsense(beforeLogin, input, completion) ? "Too many errors" : null);
            if (bye is not null) session.Output.Untagged("BYE", null, bye);
            WriteTagged(input.Line, completion);
            if (bye is not null) return bye;
            // Who sends commands without a pause and reads no answer waits for itself: answers do not pile up here.
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The next command; while the client waits it is told what NOTIFY asked for.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<(CommandInput Input, Arrival Arrival)> ReadCommandAsync(bool beforeLogin)
    {
        var since = beforeLogin ? session.NotAuthenticatedSince : session.Engine.Time.GetTimestamp();
        while (true)
        {
            var patience = (beforeLogin ? session.Options.LoginTimeout : session.Options.IdleTimeout) - session.Engine.Time.GetElapsedTime(since);
            // Commands without pause never wait, so the read alone would not notice.
            if (patience <= TimeSpan.Zero) return (default, Arrival.TimedOut);
            session.Input.SetDeadline(patience);
            var arrival = await session.Input.WaitAsync().ConfigureAwait(false);
            var input = arrival == Arrival.Octets ? await session.Reader.ReadCommandAsync(session.State.Name).ConfigureAwait(false) : new CommandInput(arrival);
            if (input.Arrival != Arrival.Woken) return (input, input.Arrival);
            try { await session.TellAsync(session.Aborted).ConfigureAwait(false); }
            catch (MailboxGoneException gone)
            {
                session.Output.Untagged("BYE", null, gone.Message);
                return (default, Arrival.Closed);
            }
        }
    }

    private string SayGoodbye(Arrival arrival)
    {
        switch (arrival)
        {
            case Arrival.TimedOut when session.State is SessionState.NotAuthenticated:
                session.Output.Untagged("BYE", null, "Login took too long");
                return "login timeout";
            case Arrival.TimedOut:
                session.Output.Untagged("BYE", null, "Autologout: idle for too long");
                return "idle timeout";
            case Arrival.Draining:
                session.Output.Untagged("BYE", "UNAVAILABLE", "Server is going down, try again in a moment");
                return "draining";
            default:
                return "client closed";
        }
    }

    private async ValueTask<Completion> RunCommandAsync(CommandLine line)
    {
        var observer = session.Engine.Observer;
        var verb = line.Definition?.Verb ?? "unknown";
        var started = session.Engine.Time.GetTimestamp();
        using var span = observer?.CommandStarting(verb);
        var completion = line.Command is null ? Completion.Bad(line.Error!)
            : line.UsesNumbers && session.UidOnly ? UidRequired
            : await ExecuteAsync(line).ConfigureAwait(false);
        observer?.CommandCompleted(verb, completion.Word, session.Engine.Time.GetElapsedTime(started));
        return completion;
    }

    private async ValueTask<Completion> ExecuteAsync(CommandLine line)
    {
        var definition = line.Definition!;
        session.Tag = line.Tag!;
        Completion completion;
        try
        {
            if (definition.States == SessionStates.Selected) await session.CheckRightsAsync(session.Aborted).ConfigureAwait(false);
            completion = definition.EndsWithClient
                ? await RunWatchedAsync(line.Command!).ConfigureAwait(false)
                : await line.Command!.ExecuteAsync(session, session.Aborted).ConfigureAwait(false);
        }
        catch (MailboxGoneException lost) { return MailboxIsGone(lost); }
        catch (ConnectionLostException) { throw; }
        catch (OperationCanceledException) when (session.Aborted.IsCancellationRequested) { throw; }
#pragma warning disable CA1031 // The one catch for faults: the client gets a code, the log gets the rest.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            session.Log.CommandFailed(fault, session.Id, definition.Verb);
            // The octets of a literal were promised and cannot be kept: only the end of the connection tells the client.
            if (session.Output.OwesOctets) throw new ConnectionLostException("a message broke off while it was sent", canWrite: true);
            completion = fault is IOException or TimeoutException or OperationCanceledException
                ? Completion.No("UNAVAILABLE", "Temporarily not possible, try again later")
                : Completion.No("SERVERBUG", "Internal error, it was logged");
        }
        if (completion.Bye is not null || definition.Announces == Announces.Nothing) return completion;
        if (await AnnounceAsync(definition).ConfigureAwait(false) is { } gone) return gone;
        return session is { CondStoreEnabled: true, TrySelected: { } mailbox } ? Synchronise(completion, mailbox.View) : completion;
    }

    /// <summary>A search through very many messages, or a FETCH of them, ends soon after nobody waits for it any more.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Completion> RunWatchedAsync(Command command)
    {
        session.Input.BeginWatch();
        try { return await command.ExecuteAsync(session, session.Aborted).ConfigureAwait(false); }
        finally { await session.Input.EndWatchAsync().ConfigureAwait(false); }
    }

    private async ValueTask<Completion?> AnnounceAsync(CommandDefinition definition)
    {
        try { await session.LookAsync(session.Aborted).ConfigureAwait(false); }
        catch (MailboxGoneException gone) { return MailboxIsGone(gone); }
        await session.AnnounceAsync(definition.Announces == Announces.Everything, definition.IsUid).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// HIGHESTMODSEQ, now that the client has been told of everything up to it: it will not ask about that again. Where expunges are held back the client would take
    /// the highest MODSEQ that it saw, and never hear of them after it has gone and come back: it is told to stay below (RFC 7162 §5).
    /// </summary>
    private Completion Synchronise(Completion completion, MailboxView view)
    {
        if (!completion.Changes && !view.HoldsExpunges) return completion;
        if (completion.Code is null && completion.Status == CompletionStatus.Ok) return completion with { Code = $"HIGHESTMODSEQ {view.ToldModSeq}" };
        session.WriteHighestModSeq(view.ToldModSeq);
        return completion;
    }

    private static Completion MailboxIsGone(MailboxGoneException gone) => new(CompletionStatus.No, "NONEXISTENT", gone.Reason, Bye: gone.Message);

    private bool IsTooMuchNonsense(bool beforeLogin, CommandInput input, Completion completion)
    {
        if (!beforeLogin || completion.Status is CompletionStatus.Ok or CompletionStatus.Answered) return false;
        // A command of another state is a client feeling its way; nonsense and wrong passwords are counted.
        var feelingItsWay = input.Line is { Definition: { } definition, Command: null } && !definition.States.HasFlag(SessionStates.NotAuthenticated);
        return !feelingItsWay && ++_badBeforeLogin >= session.Options.MaxBadCommandsBeforeLogin;
    }

    private void WriteTagged(CommandLine line, Completion completion)
    {
        if (completion.Status == CompletionStatus.Answered) return;
        var output = session.Output;
        output.Ascii(line.Tag ?? "*").Raw(" "u8).Ascii(completion.Word).Raw(" "u8);
        if (completion.Code is not null) output.Raw("["u8).Ascii(completion.Code).Raw("] "u8);
        output.Ascii(completion.Text ?? line.Definition!.Completed).Line();
    }
}
