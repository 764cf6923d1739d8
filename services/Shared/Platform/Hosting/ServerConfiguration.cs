using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Hosting;

/// <summary>A configuration that was read and checked.</summary>
public sealed class ServerConfiguration<TOptions>
    where TOptions : ServerOptions, new()
{
    private readonly Dictionary<string, Type> _sections;

    internal ServerConfiguration(IConfiguration root, TOptions options, Dictionary<string, Type> sections)
    {
        Root = root;
        Options = options;
        Addresses = ServerConfiguration.ParseListen(options.Listen);
        _sections = sections;
    }

    public IConfiguration Root { get; }

    public TOptions Options { get; }

    /// <summary>Where to listen.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    public bool IsLoopbackOnly => Addresses.All(IPAddress.IsLoopback);

    /// <summary>The configured name, else what can be guessed.</summary>
    public string Hostname
        => Options.Hostname.Length > 0 ? Options.Hostname
            : IsLoopbackOnly ? "localhost"
            : Environment.MachineName;

    /// <summary>Checks the sections of the services, all at once.</summary>
    /// <exception cref="ConfigurationException">A value is wrong; the message names each key and what to write.</exception>
    public void CheckSections(IStartupValidator validator)
    {
        try { validator.Validate(); }
        catch (OptionsValidationException e) { throw new ConfigurationException(Explain(e)); }
        catch (AggregateException e) { throw new ConfigurationException(string.Join(" ", e.InnerExceptions.OfType<OptionsValidationException>().Select(Explain))); }
        catch (InvalidOperationException e) { throw new ConfigurationException(ServerConfiguration.Explain(e)); }
    }

    /// <summary>A failure reads <c>MaxRecipients: The field SmtpIngressOptions.MaxRecipients must be …</c>; a person wants the key as it stands in the file.</summary>
    private string Explain(OptionsValidationException e)
    {
        var section = ServerConfiguration.CamelCase(_sections.FirstOrDefault(known => known.Value == e.OptionsType).Key ?? e.OptionsType.Name);
        return string.Join(" ", e.Failures.Select(failure =>
        {
            var (name, problem) = failure.Split(": ", 2) switch { [var first, var rest] => (first, rest), _ => ("", failure) };
            return $"The configuration key '{section}:{ServerConfiguration.CamelCase(name)}' is wrong: {problem.Replace($"{e.OptionsType.Name}.{name}", ServerConfiguration.CamelCase(name), StringComparison.Ordinal)}";
        }));
    }
}

/// <summary>Reads a configuration from file, environment and command line, the later winning over the earlier, and checks it as a whole.</summary>
public static class ServerConfiguration
{
    private const string EnvironmentPrefix = "MERPATI_";
    private const string OpenTelemetryPrefix = "OTEL_";

    /// <param name="file">JSON or YAML; null for none.</param>
    /// <param name="sections">Section name to options type; the top is <typeparamref name="TOptions"/>.</param>
    /// <param name="defaultsOfFile">Defaults of whoever writes a file.</param>
    /// <exception cref="ConfigurationException">A key is unknown or a value is wrong; the message names the key and what to write.</exception>
    public static ServerConfiguration<TOptions> Load<TOptions>(string? file, IReadOnlyDictionary<string, string?> commandLine, IReadOnlyDictionary<string, Type> sections, IReadOnlyDictionary<string, string?>? defaultsOfFile = null)
        where TOptions : ServerOptions, new()
    {
        var builder = new ConfigurationBuilder();
        if (file is not null)
        {
            if (defaultsOfFile is not null) builder.AddInMemoryCollection(defaultsOfFile);
            builder.AddInMemoryCollection(ConfigurationFile.Read(file));
        }
        builder.AddInMemoryCollection(FromEnvironment());
        builder.AddInMemoryCollection(commandLine);
        var root = builder.Build();
        var known = new Dictionary<string, Type>(sections, StringComparer.OrdinalIgnoreCase) { [""] = typeof(TOptions) };
        KnownKeys.Check(root, known);

        var options = new TOptions();
        try { root.Bind(options); }
        catch (InvalidOperationException e) { throw new ConfigurationException(Explain(e)); }
        Check(options, "");
        if (options is IMailServerOptions mail) mail.Tls.Check();
        return new ServerConfiguration<TOptions>(root, options, known);
    }

    /// <summary>OTEL_… as OpenTelemetry's exporters look them up: by their whole names.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> OpenTelemetryVariables() => Variables(OpenTelemetryPrefix);

    /// <summary>The options and the groups of options in them.</summary>
    private static void Check(object options, string path)
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
            throw new ConfigurationException($"The configuration key '{path}{CamelCase(problems[0].MemberNames.FirstOrDefault() ?? "")}' is wrong: {problems[0].ErrorMessage}");
        foreach (var property in options.GetType().GetProperties().Where(property => property.PropertyType.IsClass && property.PropertyType != typeof(string) && !typeof(IEnumerable).IsAssignableFrom(property.PropertyType)))
        {
            if (property.GetValue(options) is { } group) Check(group, $"{path}{CamelCase(property.Name)}:");
        }
    }

    private static Dictionary<string, string?> FromEnvironment()
    {
        var keys = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in Variables(EnvironmentPrefix))
        {
            var key = name[EnvironmentPrefix.Length..];
            if (key.StartsWith("TEST_", StringComparison.OrdinalIgnoreCase) || key.Equals("CACHE", StringComparison.OrdinalIgnoreCase)) continue; // belong to the tests and to deploy/local
            keys[key.Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal)] = value;
        }
        return keys;
    }

    private static IEnumerable<KeyValuePair<string, string?>> Variables(string prefix)
        => from DictionaryEntry variable in Environment.GetEnvironmentVariables()
           let name = (string)variable.Key
           where name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
           select KeyValuePair.Create(name, (string?)variable.Value);

    internal static IPAddress[] ParseListen(string listen) => listen switch
    {
        "*" => Socket.OSSupportsIPv6 ? [IPAddress.IPv6Any] : [IPAddress.Any],
        "localhost" => Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback],
        _ => IPAddress.TryParse(listen, out var address)
            ? [address]
            : throw new ConfigurationException($"The configuration key 'listen' is wrong: '{listen}' is no IP address; write for example 127.0.0.1, 0.0.0.0, localhost or *."),
    };

    internal static string Explain(InvalidOperationException e)
    {
        // "Failed to convert configuration value 'many' at 'PortOffset' to type 'System.Int32'."
        return $"The configuration is wrong: {e.Message.Replace("System.", "", StringComparison.Ordinal)}";
    }

    internal static string CamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];
}
