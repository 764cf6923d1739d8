using System.Text.Json;
using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Merpati.Tests.EndToEnd.Peers;

namespace Merpati.Tests.EndToEnd;

/// <summary>
/// Merpati as merpati.test, another Merpati as there.test, and a mail host sink.test that takes everything; all go by one clock, that the tests move on from day to day. Both have DKIM keys,
/// send DMARC reports and take those of others in.
/// </summary>
public abstract class ReportsFixture : IAsyncLifetime
{
    public const string Reports = "dmarc@merpati.test";
    public const string ReportsThere = "dmarc@there.test";

    /// <summary>The servers of the test come and go.</summary>
    private static readonly Dictionary<string, string> Impatience = new(StringComparer.Ordinal)
    {
        ["outboundRelay:sweepInterval"] = "00:00:01",
        ["outboundRelay:firstRetry"] = "00:00:01",
        ["outboundRelay:longestRetry"] = "00:00:02",
        ["outboundRelay:gates:firstRest"] = "00:00:01",
        ["outboundRelay:gates:longestRest"] = "00:00:02",
        ["userDirectory:dkimCheckInterval"] = "00:00:01",
    };

    private readonly string _fileOfThere = Path.GetTempFileName() + ".json";
    private DnsTestServer _dns = null!;
    private StandaloneProcess _there = null!;
    private string _zone = """
        there.test MX 10 mx.there.test
        mx.there.test A 127.0.0.1
        there.test TXT "v=spf1 ip4:127.0.0.1 -all"
        _dmarc.there.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@there.test"
        _dmarc.merpati.test TXT "v=DMARC1; p=reject; rua=mailto:dmarc@merpati.test!10m"
        elsewhere.test TXT "v=spf1 ip4:127.0.0.1 -all"
        asked.test TXT "v=spf1 ip4:127.0.0.1 -all"
        _dmarc.asked.test TXT "v=DMARC1; p=none; rua=mailto:asked@sink.test"
        asked.test._report._dmarc.sink.test TXT "v=DMARC1"
        unasked.test TXT "v=spf1 ip4:127.0.0.1 -all"
        _dmarc.unasked.test TXT "v=DMARC1; p=none; rua=mailto:unasked@sink.test"
        """;

    public MovedClock Clock { get; } = new();

    public IMailServer Here { get; private set; } = null!;

    public IMailServer There => _there;

    /// <summary>What sink.test took.</summary>
    public ScriptedSmtpServer Sink { get; } = ScriptedSmtpServer.Start();

    /// <summary>The MX ports of all that accept mail here.</summary>
    public abstract IReadOnlyList<int> SmtpPorts { get; }

    public async Task InitializeAsync()
    {
        _dns = DnsTestServer.Start(_zone);
        await WriteThereAsync([]);
        _there = await StandaloneProcess.StartInAsync(null, Clock.Environment, "--config", _fileOfThere);
        Here = await StartHereAsync(Clock.Environment, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["hostname"] = "mx.merpati.test",
            ["dns:servers:0"] = _dns.Address,
            ["reports:from"] = Reports,
            ["reports:spread"] = "00:00:00",
            ["reports:addresses:0"] = Reports,
            ["smtpIngress:checks:exemptNetworks:0"] = "192.0.2.0/24",
            ["smtpIngress:dmarc:enforce"] = "true",
            ["smtpIngress:content:submission"] = "true",
            ["delivery:suppress:afterDays"] = "2",
            ["delivery:digestAt"] = "06:00:00",
            ["outboundRelay:port"] = Text(_there.SmtpPort),
            ["destinations:allowPrivateAddresses"] = "true",
            ["relay:routes:sink.test:host"] = "127.0.0.1",
            ["relay:routes:sink.test:port"] = Text(Sink.Port),
            ["relay:routes:sink.test:tls"] = "None",
        }.Concat(Impatience).ToDictionary(StringComparer.Ordinal));
        // Only now it is known where mail for here goes.
        await WriteThereAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["relay:routes:merpati.test:host"] = "127.0.0.1",
            ["relay:routes:merpati.test:port"] = Text(Here.SmtpPort),
        });
        await _there.StopAsync();
        await _there.RestartAsync();

        await Here.AddAccountAsync(Reports, Correspondent.Password);
        await There.AddAccountAsync(ReportsThere, Correspondent.Password);
        foreach (var (server, domain) in new[] { (Here, "merpati.test"), (There, "there.test") })
        {
            _dns.Load(_zone = $"{_zone}\n{await server.AddDkimKeysAsync(domain)}");
            await Until.TrueAsync(async () => (await server.MerpatiAsync(null, "dkim", "list", domain)).Output.Split("active").Length == 3, () => $"the keys of {domain} are active");
        }
    }

    public async Task DisposeAsync()
    {
        if (Here is not null) await Here.DisposeAsync();
        if (_there is not null) await _there.DisposeAsync();
        await Sink.DisposeAsync();
        if (_dns is not null) await _dns.DisposeAsync();
        Clock.Dispose();
        File.Delete(_fileOfThere);
    }

    /// <summary>Everybody ends, a day passes, everybody starts.</summary>
    public async Task NextDayAsync()
    {
        await StopHereAsync();
        await _there.StopAsync();
        Clock.Move(TimeSpan.FromDays(1));
        await _there.RestartAsync();
        await RestartHereAsync();
    }

    public Task<Correspondent> NewUserAsync(string name) => new Correspondent(Here, $"{name}@merpati.test").CreateAsync();

    /// <summary>Mail of another server.</summary>
    /// <returns>The last reply.</returns>
    /// <param name="from">The reverse-path; empty for the null one.</param>
    public static async Task<string> ArriveAsync(int port, string from, string to, byte[] message)
    {
        await using var smtp = await MailWire.ConnectAsync(port);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync($"MAIL FROM:<{from}> BODY=8BITMIME");
        if (await smtp.SmtpAsync($"RCPT TO:<{to}>") is var refused && !refused.StartsWith("250", StringComparison.Ordinal)) return refused;
        await smtp.SmtpAsync("DATA");
        return await smtp.SmtpDataAsync(message);
    }

    /// <summary>What the merpati command says here; it goes well.</summary>
    public Task<string> SaysAsync(params string[] command) => SaysAsync(Here, command);

    public static async Task<string> SaysAsync(IMailServer server, params string[] command)
    {
        var result = await server.MerpatiAsync(null, command);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    /// <summary>The mail that sink.test took for the recipient, once so many are there.</summary>
    public async Task<IReadOnlyList<ScriptedMessage>> TakenAsync(string recipient, int count)
    {
        await Until.TrueAsync(() => Task.FromResult(Taken(recipient).Count >= count), () => $"{count} messages for {recipient}");
        return Taken(recipient);
    }

    public IReadOnlyList<ScriptedMessage> Taken(string recipient) => [.. Sink.Messages.Where(message => message.RcptTo.Any(line => line.Contains($"<{recipient}>", StringComparison.Ordinal)))];

    /// <param name="keys">By their whole names, as of Standalone.</param>
    protected abstract Task<IMailServer> StartHereAsync(IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> keys);

    protected abstract Task StopHereAsync();

    protected abstract Task RestartHereAsync();

    private Task WriteThereAsync(Dictionary<string, string> routes) => File.WriteAllTextAsync(_fileOfThere, JsonSerializer.Serialize(new Dictionary<string, string>(routes, StringComparer.Ordinal)
    {
        ["hostname"] = "mx.there.test",
        ["domains:0"] = "there.test",
        ["dns:servers:0"] = _dns.Address,
        ["reports:from"] = ReportsThere,
        ["reports:spread"] = "00:00:00",
        ["reports:addresses:0"] = ReportsThere,
        ["smtpIngress:checks:exemptNetworks:0"] = "192.0.2.0/24",
        ["smtpIngress:dmarc:enforce"] = "true",
        ["destinations:allowPrivateAddresses"] = "true",
    }.Concat(Impatience).ToDictionary(StringComparer.Ordinal)));

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

public sealed class ReportsStandalone : ReportsFixture
{
    private readonly string _file = Path.GetTempFileName() + ".json";
    private StandaloneProcess _here = null!;

    public override IReadOnlyList<int> SmtpPorts => [_here.SmtpPort];

    protected override async Task<IMailServer> StartHereAsync(IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> keys)
    {
        await File.WriteAllTextAsync(_file, JsonSerializer.Serialize(new Dictionary<string, string>(keys, StringComparer.Ordinal) { ["domains:0"] = "merpati.test" }));
        return _here = await StandaloneProcess.StartInAsync(null, environment, "--config", _file);
    }

    protected override Task StopHereAsync() => _here.StopAsync();

    protected override Task RestartHereAsync() => _here.RestartAsync();
}

/// <summary>Two of each service that may count, send, read or tell twice.</summary>
public sealed class ReportsCluster : ReportsFixture
{
    private static readonly (string Section, ServiceKind[] Kinds)[] Readers =
    [
        ("hostname", Enum.GetValues<ServiceKind>()),
        ("dns:", [ServiceKind.SmtpIngress, ServiceKind.OutboundRelay, ServiceKind.UserDirectory]),
        ("reports:", [ServiceKind.SmtpIngress, ServiceKind.Delivery, ServiceKind.OutboundRelay]),
        ("smtpIngress:", [ServiceKind.SmtpIngress]),
        ("delivery:", [ServiceKind.Delivery]),
        ("outboundRelay:", [ServiceKind.OutboundRelay]),
        ("destinations:", [ServiceKind.OutboundRelay]),
        ("relay:", [ServiceKind.OutboundRelay]),
        ("userDirectory:", [ServiceKind.UserDirectory]),
    ];

    private ClusterServer _here = null!;

    public override IReadOnlyList<int> SmtpPorts => [.. _here.Cluster.Of(ServiceKind.SmtpIngress).Select(service => service.Ports.Mail["smtp"])];

    protected override async Task<IMailServer> StartHereAsync(IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> keys) => _here = await ClusterServer.StartAsync(settings => settings with
    {
        Environment = environment,
        Instances = new[] { ServiceKind.SmtpIngress, ServiceKind.Delivery, ServiceKind.OutboundRelay, ServiceKind.UserDirectory }.ToDictionary(kind => kind, _ => 2),
        Keys = Enum.GetValues<ServiceKind>().ToDictionary(
            kind => kind,
            kind => (IReadOnlyDictionary<string, string>)keys.Where(key => Readers.Any(reader => key.Key.StartsWith(reader.Section, StringComparison.Ordinal) && reader.Kinds.Contains(kind))).ToDictionary()),
    });

    protected override Task StopHereAsync() => _here.Cluster.StopAsync();

    protected override async Task RestartHereAsync()
    {
        foreach (var service in _here.Cluster.Services) await service.StartAsync();
        await Task.WhenAll(_here.Cluster.Services.Select(service => service.WaitUntilReadyAsync()));
    }
}
