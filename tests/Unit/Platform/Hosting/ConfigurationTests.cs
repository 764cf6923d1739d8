using System.ComponentModel.DataAnnotations;
using AwesomeAssertions;
using Merpati.Platform.Hosting;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Hosting;

public sealed class ConfigurationTests : IDisposable
{
    private static readonly Dictionary<string, Type> Sections = new() { ["store"] = typeof(StoreOptions) };

    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-configuration-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_command_line_wins_over_the_file()
    {
        var file = Write("service.yaml", """
            hostname: mail.example.org
            http: { port: 9000 }
            store: { size: 3 }
            """);
        var configuration = Load(file, ["--http:port=9001"]);
        configuration.Options.Http.Port.Should().Be(9001);
        configuration.Hostname.Should().Be("mail.example.org");
        configuration.Root["store:size"].Should().Be("3");
    }

    [Theory]
    [InlineData("--htp:port=1", "'htp' is not known. Known here: allowPlaintextAuth, connections, hostname, http, listen, logFormat, logLevel, store, tls.")]
    [InlineData("--http:prt=1", "'http:prt' is not known. Known here: certificate, key, port.")]
    [InlineData("--store:sise=1", "'store:sise' is not known. Known here: size.")]
    [InlineData("--http:port=0", "'http:port' is wrong: The field Port must be between 1 and 65535.")]
    [InlineData("--http:port=many", "Failed to convert configuration value 'many' at 'http:port'")]
    [InlineData("--http:key=x", "'http:certificate' is wrong: http:certificate and http:key belong together")]
    [InlineData("--connections:perPort=0", "'connections:perPort' is wrong")]
    [InlineData("--tls:key=x", "'tls:certificate' and 'tls:key' belong together")]
    [InlineData("--listen=everywhere", "'everywhere' is no IP address")]
    [InlineData("--listen", "The option --listen takes a value")]
    [InlineData("listen", "'listen' is no option; see --help")]
    [InlineData("--", "'--' is no option; see --help")]
    [InlineData("--store=5", "'store'")]
    public void An_error_names_the_key_and_what_to_write(string argument, string error)
        => FluentActions.Invoking(() => Load(null, [argument])).Should().Throw<ConfigurationException>().WithMessage($"*{error}*");

    [Theory]
    [InlineData("broken.json", "{", "is no JSON")]
    [InlineData("broken.yaml", "a: [", "is no YAML: line")]
    [InlineData("odd.yaml", "[1]: 2", "is no YAML")]
    [InlineData("odd.yaml", "? {a: 1}\n: 2", "is no YAML: line")]
    public void A_file_that_cannot_be_parsed_is_named(string name, string text, string error)
        => FluentActions.Invoking(() => Load(Write(name, text), [])).Should().Throw<ConfigurationException>().WithMessage($"*{name}*{error}*");

    [Fact]
    public void A_file_that_is_not_there_is_named()
        => FluentActions.Invoking(() => Load(Path.Combine(_folder, "missing.yaml"), [])).Should().Throw<ConfigurationException>().WithMessage("*missing.yaml cannot be read*");

    [Fact]
    public void Values_may_stand_behind_their_option()
    {
        var line = ServiceCommandLine.Parse(["--config", "a.yaml", "--http:port", "9000", "--hostname=b=c"]);
        line.Config.Should().Be("a.yaml");
        line.Keys.Should().BeEquivalentTo(new Dictionary<string, string?> { ["http:port"] = "9000", ["hostname"] = "b=c" });
    }

    private static ServerConfiguration<Options> Load(string? file, string[] arguments)
    {
        var line = ServiceCommandLine.Parse(arguments);
        return ServerConfiguration.Load<Options>(file, line.Keys, Sections);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private sealed class Options : MailServiceOptions;

    private sealed class StoreOptions
    {
        [Range(1, 10)]
        public int Size { get; set; } = 1;
    }
}
