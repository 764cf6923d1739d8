using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using Merpati.Standalone.Configuration;
using Merpati.Storage;
using Spectre.Console.Cli;

namespace Merpati.Standalone;

/// <summary>How a start ended, for scripts.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 2;

    /// <summary>A store cannot be opened.</summary>
    public const int Store = 3;

    /// <summary>A port cannot be bound, a certificate cannot be used.</summary>
    public const int Start = 4;

    /// <summary>What nobody foresaw (sysexits EX_SOFTWARE).</summary>
    public const int Fault = 70;
}

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

    public override async Task<int> ExecuteAsync(CommandContext context, Settings settings, CancellationToken cancellationToken)
    {
        if (settings.Print is not (null or "table" or "json")) return await FailAsync(ExitCode.Configuration, $"--print takes table or json, not '{settings.Print}'.");
        try
        {
            await using var host = StandaloneHost.Build(settings.Config, settings.ToKeys(), printJson: settings.Print == "json");
            await host.RunAsync();
            return ExitCode.Ok;
        }
        catch (ConfigurationException e) { return await FailAsync(ExitCode.Configuration, e.Message); }
        catch (Exception e) when (e is StoreUnavailableException or StoreFullException) { return await FailAsync(ExitCode.Store, e.Message); }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException) { return await FailAsync(ExitCode.Start, e.Message); }
    }

    private static async Task<int> FailAsync(int code, string message)
    {
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"merpati-standalone: {message.ReplaceLineEndings(" ")}"));
        return code;
    }
}
