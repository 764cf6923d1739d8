using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands;

/// <summary>A command that talks to the running server.</summary>
internal abstract class AdminCommand<TOptions>(ITerminal terminal) : AsyncCommand<TOptions>
    where TOptions : GlobalOptions
{
    protected ITerminal Terminal { get; } = terminal;

    protected abstract Task RunAsync(AdminClient server, TOptions options, Printer printer, CancellationToken cancellationToken);

    public sealed override async Task<int> ExecuteAsync(CommandContext context, TOptions settings, CancellationToken cancellationToken)
    {
        using var server = await OpenAsync(settings, cancellationToken);
        await RunAsync(server, settings, new Printer(Terminal, settings.Json), cancellationToken);
        return ExitCode.Done;
    }

    private ValueTask<AdminClient> OpenAsync(TOptions settings, CancellationToken cancellationToken)
    {
        if (settings.Admin is not null || settings.TokenFile is not null)
        {
            if (settings.Admin is null || settings.TokenFile is null) throw new UsageFailure("--admin and --token-file belong together: name both or none.");
            return settings.Data is null ? AdminClient.OpenAsync(settings.Admin, settings.TokenFile, cancellationToken) : throw new UsageFailure("--admin is instead of --data: name one of them.");
        }
        var folder = settings.Data ?? (Terminal.Environment(GlobalOptions.DataVariable) is { Length: > 0 } given ? given : GlobalOptions.DefaultDataFolder);
        return AdminClient.OpenAsync(Path.GetFullPath(folder), cancellationToken);
    }

    /// <summary>A name as one segment of a path.</summary>
    protected static string Segment(string name) => Uri.EscapeDataString(name);

    /// <summary>A query of what was given.</summary>
    protected static string Query(params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var query = new List<string>();
        foreach (var (name, value) in fields)
        {
            if (value is not null) query.Add($"{name}={Uri.EscapeDataString(value)}");
        }
        return query.Count == 0 ? "" : "?" + string.Join('&', query);
    }
}
