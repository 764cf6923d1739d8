using System.Diagnostics;
using Merpati.TestKit;
using Microsoft.Extensions.Logging;

namespace Merpati.Fuzz.Sessions;

/// <summary>
/// Several IMAP sessions of one account, command by command, against a model of its mailboxes. A run follows from its seed alone; each of its steps has a seed of its own, so
/// that a run which fails stays a run when steps are left out, until no more can be.
/// </summary>
internal sealed class SessionFuzz(Func<ILogger, ImapTestServer> makeServer)
{
    private const int MostClients = 3;

    /// <param name="Steps">Seeds of the steps that are left.</param>
    public sealed record Failure(int Seed, IReadOnlyList<int> Steps, string Message, IReadOnlyList<string> Dialogue)
    {
        public override string ToString() => $"seed {Seed}: {Message}\n{Steps.Count} steps are enough:\n{string.Join('\n', Dialogue)}";
    }

    /// <summary>Commands sent so far.</summary>
    public long Commands { get; private set; }

    /// <returns>Null where the server and the model agree.</returns>
    public async Task<Failure?> RunAsync(int seed, int steps)
    {
        var random = new Random(seed);
        var all = Enumerable.Range(0, steps).Select(_ => random.Next()).ToList();
        if (await TryAsync(seed, all) is not { } failure) return null;
        return await ShortenAsync(failure);
    }

    /// <summary>Leaves out halves, quarters and so on, down to single steps, as long as it still fails.</summary>
    private async Task<Failure> ShortenAsync(Failure failure)
    {
        for (var size = Math.Max(1, failure.Steps.Count / 2); ; size = Math.Max(1, size / 2))
        {
            var shorter = false;
            for (var at = 0; at < failure.Steps.Count;)
            {
                List<int> fewer = [.. failure.Steps.Take(at), .. failure.Steps.Skip(at + size)];
                if (await TryAsync(failure.Seed, fewer) is { } still) (failure, shorter) = (still, true);
                else at += size;
            }
            if (size == 1 && !shorter) return failure;
        }
    }

    private async Task<Failure?> TryAsync(int seed, List<int> steps)
    {
        var dialogue = new Dialogue();
        var faults = new Faults();
        var server = makeServer(faults);
        var clients = Enumerable.Range(1, 1 + (seed & 0x7fffffff) % MostClients).Select(number => new FuzzClient(server, number, dialogue)).ToList();
        var done = 0;
        try
        {
            await server.Mailboxes.EnsureAccountAsync(server.Account.Id, CancellationToken.None);
            var run = await SessionRun.BeginAsync(server, clients, dialogue);
            foreach (var step in steps)
            {
                done++;
                await run.StepAsync(new Random(step));
                if (faults.First is { } fault) throw new DisagreementException($"The session failed: {fault}");
            }
            await run.EndAsync();
            Commands += run.Commands;
            return null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return new Failure(seed, steps[..done], failure is DisagreementException ? failure.Message : failure.ToString(), dialogue.Lines);
        }
        finally
        {
            foreach (var client in clients) await client.LeaveAsync();
            if (server.Mailboxes is IAsyncDisposable mailboxes) await mailboxes.DisposeAsync();
        }
    }
}

/// <summary>What the engine logs as an error is a failure here.</summary>
internal sealed class Faults : ILogger
{
    public string? First { get; private set; }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null) First ??= $"{formatter(state, exception)} {exception}";
    }
}

/// <summary>The steps of one run.</summary>
internal sealed class SessionRun(ImapTestServer server, IReadOnlyList<FuzzClient> clients, Dialogue dialogue)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Oracle _oracle = new(server, clients);

    public int Commands { get; private set; }

    public static async Task<SessionRun> BeginAsync(ImapTestServer server, IReadOnlyList<FuzzClient> clients, Dialogue dialogue)
    {
        var run = new SessionRun(server, clients, dialogue);
        await run._oracle.VerifyStoreAsync();
        return run;
    }

    public async Task StepAsync(Random random)
    {
        foreach (var other in clients) await _oracle.CatchUpAsync(other);
        var client = clients[random.Next(clients.Count)];
        switch (random.Next(100))
        {
            case < 6:
                await DeliverAsync(random);
                return;
            case < 8:
                await client.ConnectAsync();
                return;
        }
        if (client.IsLosing) await client.LoseAsync();
        if (!client.IsOpen) await client.ConnectAsync();
        if (client.IsIdle) await EndIdleAsync(client);
        else if (client.Selected is not null && random.Next(25) == 0) await client.BeginIdleAsync();
        else if (client.Notified != Notified.No && random.Next(10) == 0) await HearAsync(client);
        else await RunAsync(client, CommandMix.Next(random, client));
    }

    /// <summary>Whoever asked for it has been told of everything in the end.</summary>
    public async Task EndAsync()
    {
        foreach (var client in clients.Where(client => client is { IsOpen: true, IsIdle: false, IsLosing: false, Notified: not Notified.No })) await HearAsync(client);
    }

    /// <summary>The client's counters of other mailboxes become those of the model, soon and without being asked for.</summary>
    private async Task HearAsync(FuzzClient client)
    {
        for (var started = Stopwatch.GetTimestamp(); !_oracle.IsToldOf(client);)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new DisagreementException($"Client {client.Number} was not told by NOTIFY: {string.Join(", ", client.Statuses.Select(status => $"{status.Key} {string.Join(' ', status.Value)}"))}");
            await _oracle.CatchUpAsync(client);
            await RunAsync(client, new FuzzCommand(CommandKind.Look, "NOOP") { ByUid = true });
        }
    }

    /// <summary>A message arrives as delivery brings it.</summary>
    private async Task DeliverAsync(Random random)
    {
        var mailbox = CommandMix.Mailboxes[random.Next(4) == 0 ? 1 : 0];
        var message = CommandMix.Message(random);
        var appended = await server.DeliverAsync(message, mailbox);
        var model = _oracle[mailbox].Add([], message);
        dialogue.Add($"# delivered to {mailbox}: UID {appended.Uid}");
        if (appended.Uid.Value != model.Uid) throw new DisagreementException($"Delivered as UID {appended.Uid}, not {model.Uid}.");
        await _oracle.VerifyStoreAsync();
    }

    private async Task RunAsync(FuzzClient client, FuzzCommand command)
    {
        Commands++;
        var selected = client.Selected is null ? null : _oracle[client.SelectedName];
        List<uint> view = [.. client.Selected?.Uids ?? []];
        var targets = Oracle.Targets(command, client);
        if (client.Selected is { } mailbox) mailbox.Targets = targets;
        await _oracle.AfterAsync(command, client, await client.RunAsync(command), selected, view, targets);
    }

    private async Task EndIdleAsync(FuzzClient client)
    {
        Commands++;
        var selected = client.Selected is null ? null : _oracle[client.SelectedName];
        List<uint> view = [.. client.Selected?.Uids ?? []];
        await _oracle.AfterAsync(new FuzzCommand(CommandKind.Look, "IDLE") { ByUid = true }, client, await client.EndIdleAsync(), selected, view, []);
    }
}
