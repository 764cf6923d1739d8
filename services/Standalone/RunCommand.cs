using System.ComponentModel;
using Merpati.Platform.Hosting;
using Spectre.Console.Cli;

namespace Merpati.Standalone;

/// <summary>Starts Standalone and runs it until SIGTERM or Ctrl-C.</summary>
internal sealed class RunCommand : AsyncCommand<RunCommand.Settings>
{
    internal sealed class Settings : CommandSettings
    {
        [CommandOption("--data <FOLDER>")]
        [Description("Folder of all that is kept (default ./merpati-data).")]
        public string? Data { get; init; }

        [CommandOption("--config <FILE>")]
        [Description("Configuration, JSON or YAML. Environment (MERPATI_…) and command line win over it.")]
        public string? Config { get; init; }

        [CommandOption("--listen <ADDRESS>")]
        [Description("Address of all ports: an IP address, localhost, or * for all (default 127.0.0.1).")]
        public string? Listen { get; init; }

        [CommandOption("--port-offset <N>")]
        [Description("The port of a protocol is its standard port plus N (default 2000; 0 gives the standard ports).")]
        public string? PortOffset { get; init; }

        [CommandOption("--hostname <NAME>")]
        [Description("How this server calls itself; its name in DNS.")]
        public string? Hostname { get; init; }

        [CommandOption("--no-demo")]
        [Description("Make no demo domain.")]
        public bool NoDemo { get; init; }

        [CommandOption("--print <FORMAT>")]
        [Description("Print the settings as: table (default) or json.")]
        public string? Print { get; init; }

        [CommandOption("--allow-plaintext-auth")]
        [Description("Take passwords without TLS. For tests on loopback only.")]
        public bool AllowPlaintextAuth { get; init; }

        /// <summary>What was given, as configuration keys.</summary>
        public Dictionary<string, string?> ToKeys()
        {
            var keys = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            if (Data is not null) keys["data"] = Data;
            if (Listen is not null) keys["listen"] = Listen;
            if (PortOffset is not null) keys["portOffset"] = PortOffset;
            if (Hostname is not null) keys["hostname"] = Hostname;
            if (NoDemo) keys["demo"] = "false";
            if (AllowPlaintextAuth) keys["allowPlaintextAuth"] = "true";
            return keys;
        }
    }

    public override Task<int> ExecuteAsync(CommandContext context, Settings settings, CancellationToken cancellationToken)
        => settings.Print is null or "table" or "json"
            ? ServerRun.RunAsync(StandaloneHost.Program, async () =>
            {
                await using var host = StandaloneHost.Build(settings.Config, settings.ToKeys(), printJson: settings.Print == "json");
                await host.RunAsync();
            })
            : ServerRun.FailAsync(StandaloneHost.Program, ExitCode.Configuration, $"--print takes table or json, not '{settings.Print}'.");
}
