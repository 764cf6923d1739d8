using System.ComponentModel.DataAnnotations;
using System.Net;
using Merpati.Delivery;
using Merpati.Delivery.Mailboxes;
using Merpati.ImapGateway;
using Merpati.Pop3Gateway;
using Merpati.SmtpIngress;
using Merpati.UserDirectory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Merpati.Standalone.Configuration;

/// <summary>The configuration from file, environment and command line, the later winning over the earlier, checked as a whole.</summary>
internal sealed class StandaloneConfiguration
{
    private const string EnvironmentPrefix = "MERPATI_";
    private const string OpenTelemetryPrefix = "OTEL_";

    private static readonly Dictionary<string, Type> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        [""] = typeof(StandaloneOptions),
        [SmtpIngressOptions.Section] = typeof(SmtpIngressOptions),
        [MailboxesOptions.Section] = typeof(MailboxesOptions),
        [DeliveryOptions.Section] = typeof(DeliveryOptions),
        [ImapGatewayOptions.Section] = typeof(ImapGatewayOptions),
        [Pop3GatewayOptions.Section] = typeof(Pop3GatewayOptions),
        [UserDirectoryOptions.Section] = typeof(UserDirectoryOptions),
    };

    private StandaloneConfiguration(IConfiguration root, StandaloneOptions options, IReadOnlyList<IPAddress> addresses)
    {
        Root = root;
        Options = options;
        Addresses = addresses;
    }

    public IConfiguration Root { get; }

    public StandaloneOptions Options { get; }

    /// <summary>Where to listen.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    public bool IsLoopbackOnly => Addresses.All(IPAddress.IsLoopback);

    /// <exception cref="ConfigurationException">A key is unknown or a value is wrong; the message names the key and what to write.</exception>
    public static StandaloneConfiguration Load(string? file, IReadOnlyDictionary<string, string?> commandLine)
    {
        var builder = new ConfigurationBuilder();
        if (file is not null)
        {
            builder.AddInMemoryCollection(ConfigurationFile.Read(file));
            // Whoever writes a configuration does not want a demo, unless it says so.
            builder.AddInMemoryCollection(new Dictionary<string, string?> { ["demo"] = builder.Build()["demo"] ?? "false" });
        }
        builder.AddInMemoryCollection(FromEnvironment());
        builder.AddInMemoryCollection(commandLine);
        var root = builder.Build();
        KnownKeys.Check(root, Sections);

        var options = new StandaloneOptions();
        try { root.Bind(options); }
        catch (InvalidOperationException e) { throw new ConfigurationException(Explain(e)); }
        Check(options, "");
        Check(options.Connections, "connections:");
        if (options.Tls.Certificate is null != options.Tls.Key is null) throw new ConfigurationException("The configuration keys 'tls:certificate' and 'tls:key' belong together: name both files or none.");
        foreach (var pair in options.Tls.Certificates.Where(pair => pair.Certificate.Length == 0 || pair.Key.Length == 0))
            throw new ConfigurationException($"The configuration key 'tls:certificates' takes pairs: write {{ certificate: <file>, key: <file> }} for '{pair.Certificate}{pair.Key}'.");
        return new StandaloneConfiguration(root, options, ParseListen(options.Listen));
    }

    private static void Check(object options, string path)
    {
        var problems = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true)) return;
        throw new ConfigurationException($"The configuration key '{path}{CamelCase(problems[0].MemberNames.FirstOrDefault() ?? "")}' is wrong: {problems[0].ErrorMessage}");
    }

    /// <summary>OTEL_… as OpenTelemetry's exporters look them up: by their whole names.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> OpenTelemetryVariables() => Variables(OpenTelemetryPrefix);

    private static Dictionary<string, string?> FromEnvironment()
    {
        var keys = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in Variables(EnvironmentPrefix))
        {
            var key = name[EnvironmentPrefix.Length..];
            if (key.StartsWith("TEST_", StringComparison.OrdinalIgnoreCase)) continue; // belongs to the tests
            keys[key.Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal)] = value;
        }
        return keys;
    }

    private static IEnumerable<KeyValuePair<string, string?>> Variables(string prefix)
        => from System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables()
           let name = (string)variable.Key
           where name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
           select KeyValuePair.Create(name, (string?)variable.Value);

    private static IPAddress[] ParseListen(string listen) => listen switch
    {
        "*" => System.Net.Sockets.Socket.OSSupportsIPv6 ? [IPAddress.IPv6Any] : [IPAddress.Any],
        "localhost" => System.Net.Sockets.Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback],
        _ => IPAddress.TryParse(listen, out var address)
            ? [address]
            : throw new ConfigurationException($"The configuration key 'listen' is wrong: '{listen}' is no IP address; write for example 127.0.0.1, 0.0.0.0, localhost or *."),
    };

    private static string Explain(InvalidOperationException e)
    {
        // "Failed to convert configuration value 'many' at 'PortOffset' to type 'System.Int32'."
        return $"The configuration is wrong: {e.Message.Replace("System.", "", StringComparison.Ordinal)}";
    }

    /// <summary>Checks the sections of the services, all at once.</summary>
    /// <exception cref="ConfigurationException">A value is wrong; the message names each key and what to write.</exception>
    public static void CheckSections(IStartupValidator validator)
    {
        try { validator.Validate(); }
        catch (OptionsValidationException e) { throw new ConfigurationException(Explain(e)); }
        catch (AggregateException e) { throw new ConfigurationException(string.Join(" ", e.InnerExceptions.OfType<OptionsValidationException>().Select(Explain))); }
        catch (InvalidOperationException e) { throw new ConfigurationException(Explain(e)); }
    }

    /// <summary>A failure reads <c>MaxRecipients: The field SmtpIngressOptions.MaxRecipients must be …</c>; a person wants the key as it stands in the file.</summary>
    private static string Explain(OptionsValidationException e)
    {
        var section = CamelCase(Sections.First(known => known.Value == e.OptionsType).Key);
        return string.Join(" ", e.Failures.Select(failure =>
        {
            var (name, problem) = failure.Split(": ", 2) switch { [var first, var rest] => (first, rest), _ => ("", failure) };
            return $"The configuration key '{section}:{CamelCase(name)}' is wrong: {problem.Replace($"{e.OptionsType.Name}.{name}", CamelCase(name), StringComparison.Ordinal)}";
        }));
    }

    private static string CamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];
}
