using System.Collections.Concurrent;
using Merpati.Mailboxes;
using Merpati.TestKit;
using Microsoft.Extensions.Logging;

namespace Merpati.Fuzz.Sessions;

/// <summary>
/// Several IMAP sessions on one mailbox at the same time, while mail is delivered to it. What one session is told holds together at every moment: numbers, UIDs, mod-sequences, and
/// no EXPUNGE where it may not be. In each pause all sessions believe the same, and it is what the store holds.
/// </summary>
internal sealed class ConcurrentFuzz(Func<ILogger, ImapTestServer> makeServer)
{
    private const int CommandsInARound = 15;

    private static readonly FuzzCommand Look = new(CommandKind.Look, "NOOP") { ByUid = true };

    private long _commands;

    /// <summary>Commands sent so far.</summary>
    public long Commands => _commands;

    /// <returns>Null where all agree. The order of what happened is that of the scheduler: a seed does not bring it back.</returns>
    public async Task<SessionFuzz.Failure?> RunAsync(int seed, int rounds)
    {
        var dialogue = new Dialogue();
        var faults = new Faults();
        var server = makeServer(faults);
        var random = new Random(seed);
        var clients = Enumerable.Range(1, random.Next(2, 4)).Select(number => new FuzzClient(server, number, dialogue)).ToList();
        try
        {
            await server.Mailboxes.EnsureAccountAsync(server.Account.Id, CancellationToken.None);
            var given = new ConcurrentDictionary<uint, int>();
            var recent = new RecentMessages();
            for (var round = 0; round < rounds; round++)
            {
                var seeds = clients.ConvertAll(_ => random.Next());
                await Task.WhenAll([.. clients.Select((client, index) => Task.Run(() => WorkAsync(client, new Random(seeds[index]), given))), DeliverAsync(server, random.Next(4))]);
                await PauseAsync(server, clients, recent);
                dialogue.Add($"# all agree after round {round + 1}");
                if (faults.First is { } fault) throw new DisagreementException($"The session failed: {fault}");
            }
            return null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return new SessionFuzz.Failure(seed, [], failure is DisagreementException ? failure.Message : failure.ToString(), dialogue.Lines);
        }
        finally
        {
            foreach (var client in clients) await client.LeaveAsync();
            if (server.Mailboxes is IAsyncDisposable mailboxes) await mailboxes.DisposeAsync();
        }
    }

    private async Task WorkAsync(FuzzClient client, Random random, ConcurrentDictionary<uint, int> given)
    {
        if (client.IsOpen && random.Next(6) == 0) await client.LeaveAsync();
        if (!client.IsOpen)
        {
            await client.ConnectAsync();
            var extensions = random.Next(6) switch { 0 => "CONDSTORE", 1 => "QRESYNC", 2 => "QRESYNC UIDONLY", 3 => "IMAP4rev2", _ => null };
            if (extensions is not null) await SendAsync(client, new FuzzCommand(CommandKind.Enable, "ENABLE " + extensions) { ByUid = true });
            if (random.Next(3) == 0) await SendAsync(client, new FuzzCommand(CommandKind.Notify, "NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))") { ByUid = true, Notified = Notified.AtOnce });
        }
        if (client.Selected is null || random.Next(10) == 0) await SendAsync(client, CommandMix.Select(random, client, "INBOX"));
        for (var i = 0; i < CommandsInARound; i++)
        {
            if (client.IsIdle)
            {
                await client.EndIdleAsync();
                continue;
            }
            if (random.Next(20) == 0)
            {
                await client.BeginIdleAsync();
                continue;
            }
            var command = random.Next(6) == 0 ? CommandMix.Append(random, client) : CommandMix.OfTheMailbox(random, client, client.Selected!);
            // Who knows that there are messages and not their UIDs, or will be told of more before the command is run, cannot know what '*' is: it lets itself be told what became of them.
            if (UsesSaved(command) || (command.Silent || command.Return is { Update: true }) && (client.Notified != Notified.No || client.Selected!.Uids.Contains(0u))) continue;
            var reply = await SendAsync(client, command);
            if (command.Mailbox != "INBOX") continue;
            // UIDs of the same mailbox, given to whoever asked first.
            foreach (var uid in ResponseParser.GivenUids(reply))
            {
                if (!given.TryAdd(uid, client.Number)) throw new DisagreementException($"UID {uid} was given to client {given[uid]} and to client {client.Number}.");
            }
        }
        if (client.IsIdle) await client.EndIdleAsync();
    }

    private async Task<Reply> SendAsync(FuzzClient client, FuzzCommand command)
    {
        Interlocked.Increment(ref _commands);
        var targets = Oracle.Targets(command, client);
        if (client.Selected is { } mailbox) mailbox.Targets = targets;
        var reply = await client.RunAsync(command);
        Oracle.Answered(command, reply);
        if (command.Kind == CommandKind.CancelUpdate) client.Contexts.Remove(command.Tag);
        return reply;
    }

    /// <summary>Which messages '$' stands for nobody can tell from outside while others are at work.</summary>
    private static bool UsesSaved(FuzzCommand command)
        => command.Messages?.Saved is not null || command.Text.Split(' ').Any(word => word.Trim('(', ')') == "$") || command.Return is { Save: true };

    private static async Task DeliverAsync(ImapTestServer server, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await server.DeliverAsync(CommandMix.Message(new Random(i)));
            await Task.Yield();
        }
    }

    private async Task PauseAsync(ImapTestServer server, List<FuzzClient> clients, RecentMessages recent)
    {
        foreach (var client in clients) await SendAsync(client, Look);
        var model = await MailboxModel.ReadAsync(server, "INBOX");
        foreach (var client in clients) Oracle.VerifyView(Look, client, client.Selected!, model, recent);
    }
}
