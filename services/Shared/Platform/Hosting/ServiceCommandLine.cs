namespace Merpati.Platform.Hosting;

/// <summary>The command line of a service in the cluster: <c>--config FILE</c>, and any key of the configuration as <c>--http:port=8080</c>.</summary>
/// <param name="Help">Only the usage was asked for.</param>
/// <param name="Version">Only the version was asked for.</param>
public sealed record ServiceCommandLine(string? Config, IReadOnlyDictionary<string, string?> Keys, bool Help, bool Version)
{
    /// <exception cref="ConfigurationException">It cannot be understood.</exception>
    public static ServiceCommandLine Parse(IReadOnlyList<string> arguments)
    {
        string? config = null;
        var (help, version) = (false, false);
        var keys = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument is "--help" or "-h") help = true;
            else if (argument == "--version") version = true;
            else
            {
                if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2) throw new ConfigurationException($"'{argument}' is no option; see --help.");
                var (name, value) = argument[2..].Split('=', 2) switch
                {
                    [var first, var rest] => (first, rest),
                    [var first, ..] when i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal) => (first, arguments[++i]),
                    [var first, ..] => throw new ConfigurationException($"The option --{first} takes a value: write --{first}=VALUE."),
                    _ => throw new System.Diagnostics.UnreachableException(),
                };
                if (name == "config") config = value;
                else keys[name] = value;
            }
        }
        return new ServiceCommandLine(config, keys, help, version);
    }
}
