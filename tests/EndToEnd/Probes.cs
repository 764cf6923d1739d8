using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary><c>merpati probe</c> and <c>merpati dns</c> as an administrator runs them: the program, real ports, and what it says when something is wrong.</summary>
public abstract class Probes(MailServerFixture merpati) : ClientTests(merpati)
{
    [Fact]
    public async Task A_round_sends_reads_and_leaves_nothing_behind()
    {
        var account = await Merpati.NewAccountAsync("probe-ok");
        var round = await ProbeAsync(account);
        Assert.True(round.ExitCode == 0, round.ToString());
        Assert.Matches(@"^[-0-9: .]+ visible after [0-9]+\.[0-9]{3} s \(login [0-9.]+, submit [0-9.]+, visible [0-9.]+, fetch [0-9.]+, pop3 [0-9.]+, clean [0-9.]+\)\n$", round.Output);
        Assert.Empty(await Merpati.MessagesAsync(account));

        var json = JsonDocument.Parse((await ProbeAsync(account, "--json")).Output).RootElement;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("failed").ValueKind);
        Assert.Equal(6, json.GetProperty("steps").EnumerateObject().Count());
    }

    [Fact]
    public async Task An_alias_is_a_way_to_the_account()
    {
        var account = await Merpati.NewAccountAsync("probe-alias");
        Assert.Equal(0, (await Merpati.Server.MerpatiAsync(null, "alias", "add", "probe-info@" + Domain(account), account.Address)).ExitCode);
        var round = await ProbeAsync(account, "--to", "probe-info@" + Domain(account));
        Assert.True(round.ExitCode == 0, round.ToString());
    }

    [Fact]
    public async Task A_server_that_takes_the_message_and_does_not_bring_it_is_the_step_visible()
    {
        var account = await Merpati.NewAccountAsync("probe-lost");
        var elsewhere = await Merpati.NewAccountAsync("probe-elsewhere");
        await FailsAsync("visible", "it was not done after 5 s", ProbeAsync(account, "--to", elsewhere.Address, "--timeout", "00:00:05"));
        Assert.Single(await Merpati.MessagesAsync(elsewhere));
    }

    [Fact]
    public async Task All_the_time_it_serves_its_metrics_and_ends_in_good_order()
    {
        var account = await Merpati.NewAccountAsync("probe-always");
        await using var probe = ProbeProcess.Start(Merpati.Server, account, Folder, FreePorts.Take(), pop3: true, "--every", "00:00:00.2");
        using var http = new HttpClient();
        var metrics = "";
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!metrics.Contains("\nmerpati_probe_duration_seconds_count", StringComparison.Ordinal))
        {
            limit.Token.ThrowIfCancellationRequested();
            Assert.False(probe.HasEnded, "It ended.");
            try { metrics = await http.GetStringAsync(probe.Metrics, limit.Token); }
            catch (HttpRequestException) { } // it starts
        }
        Assert.DoesNotMatch("\nmerpati_probe_last_success_seconds[^ ]* 0\n", metrics);
        foreach (var step in (string[])["login", "submit", "visible", "fetch", "pop3", "clean"])
        {
            Assert.Matches($"merpati_probe_step_duration_seconds_count\\{{[^}}]*step=\"{step}\"[^}}]*\\}} [1-9]", metrics);
            Assert.Matches($"merpati_probe_failures_total\\{{[^}}]*step=\"{step}\"[^}}]*\\}} 0", metrics);
        }
        var (code, output) = await probe.StopAsync(limit.Token);
        Assert.Equal(0, code);
        Assert.DoesNotContain("failed", output);
    }

    [Fact]
    public async Task A_wrong_password_is_the_step_login()
    {
        var account = await Merpati.NewAccountAsync("probe-password");
        await FailsAsync("login", "password", ProbeAsync((account.Address, "wrong")));
    }

    [Fact]
    public async Task What_does_not_answer_is_named_by_its_step()
    {
        var account = await Merpati.NewAccountAsync("probe-closed");
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        await FailsAsync("login", "refused", ProbeAsync(account, "--imap", $"localhost:{port}"));
        await FailsAsync("submit", "refused", ProbeAsync(account, "--submission", $"localhost:{port}"));
        await FailsAsync("pop3", "refused", ProbeAsync(account, "--pop3", $"localhost:{port}"));
        // What the rounds that failed had sent is there, and a person's mail is not touched by those that do not fail.
        Assert.Single(await Merpati.MessagesAsync(account));
    }

    [Fact]
    public async Task A_port_without_TLS_is_told_from_one_that_is_closed()
    {
        var account = await Merpati.NewAccountAsync("probe-plain");
        await FailsAsync("login", "there is no TLS from the start", ProbeAsync(account, "--imap", $"localhost:{Merpati.Server.ImapPort}"));
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_named_with_its_times()
    {
        var account = await Merpati.NewAccountAsync("probe-expired");
        using var authority = TestAuthority.Root("probe");
        using var certificate = authority.Issue("localhost", ["localhost"], expired: true);
        await using var server = new TlsPort(certificate);
        var authorities = Write("authorities.pem", authority.Certificate.ExportCertificatePem() + "\n" + await File.ReadAllTextAsync(Merpati.Server.Certificate));
        await FailsAsync("login", $"the certificate of localhost:{server.Port} is good from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, and not now", ProbeAsync(account, "--imap", $"localhost:{server.Port}", "--authorities", authorities));
        await FailsAsync("submit", "and not now", ProbeAsync(account, "--submission", $"localhost:{server.Port}", "--authorities", authorities));
    }

    [Fact]
    public async Task A_certificate_must_have_the_name_of_its_protocol_and_an_authority_that_is_known()
    {
        var account = await Merpati.NewAccountAsync("probe-names");
        await FailsAsync("login", $"the certificate of localhost:{Merpati.Server.ImapsPort} is not for imap.example.org", ProbeAsync(account, "--imap-name", "imap.example.org"));
        await FailsAsync("submit", "is not for smtp.example.org", ProbeAsync(account, "--submission-name", "smtp.example.org"));
        await FailsAsync("pop3", "is not for pop.example.org", ProbeAsync(account, "--pop3-name", "pop.example.org"));
        await FailsAsync("login", "is not for mx.example.org", ProbeAsync(account, "--tls-name", "mx.example.org"));
        using var other = TestAuthority.Root("another");
        await FailsAsync("login", "is not believed (", ProbeAsync(account, "--authorities", Write("other.pem", other.Certificate.ExportCertificatePem())));
    }

    [Fact]
    public async Task The_records_of_a_domain_are_a_zone_and_what_is_not_there_is_named()
    {
        var domain = "dns-" + GetType().Name.ToLowerInvariant() + ".test";
        Assert.Equal(0, (await Merpati.Server.MerpatiAsync(null, "domain", "add", domain)).ExitCode);
        Assert.Equal(0, (await Merpati.Server.MerpatiAsync(null, "dkim", "add", domain)).ExitCode);
        var printed = await Merpati.Server.MerpatiAsync(null, "dns", domain);
        Assert.True(printed.ExitCode == 0, printed.ToString());
        foreach (var record in (string[])[$"{domain}. IN MX 10 ", $"{domain}. IN TXT ( \"v=spf1 mx -all\" )", $"_domainkey.{domain}. IN TXT ( \"v=DKIM1;", $"_dmarc.{domain}. IN TXT ( \"v=DMARC1; p=none;", $"_imaps._tcp.{domain}. IN SRV 0 1 993 ", $"_submissions._tcp.{domain}. IN SRV 0 1 465 "]) Assert.Contains(record, printed.Output);

        // What is printed can be copied into a zone as it is; names that others are aliases of need an address.
        var aliases = printed.Output.Split('\n').Where(line => line.Contains(" IN CNAME ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1]).Distinct();
        var zone = printed.Output + string.Concat(aliases.Select(name => $"{name} IN A 127.0.0.1\n"));
        var there = await CheckAsync(domain, zone);
        Assert.True(there.ExitCode == 0, there.ToString());

        var lines = zone.Split('\n');
        var without = await CheckAsync(domain, string.Join('\n', lines.Where(line => !line.Contains("DKIM1", StringComparison.Ordinal)).Select(line => line.StartsWith($"{domain}. IN MX", StringComparison.Ordinal) ? $"{domain}. IN MX 10 mail.other.test." : line)));
        Assert.Equal(1, without.ExitCode);
        Assert.Matches($"_domainkey\\.{domain} +TXT +missing", without.Output);
        Assert.Matches($"{domain} +MX +other +10 [^ ]+ +10 mail\\.other\\.test\\.", without.Output);
        Assert.Contains($"Not all records of {domain} are in DNS", without.Error);

        var unknown = await Merpati.Server.MerpatiAsync(null, "dns", "unknown.test");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Equal("merpati: The domain unknown.test is not served here.\n", unknown.Error);

        Task<CommandResult> CheckAsync(string name, string text) => Merpati.Server.MerpatiAsync(null, "dns", name, "--check", "--dns", Write("zone", text));
    }

    private static async Task FailsAsync(string step, string words, Task<CommandResult> probe)
    {
        var failed = await probe;
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains($" failed: {step}: ", failed.Output);
        Assert.StartsWith($"merpati: The step {step} failed: ", failed.Error);
        Assert.Contains(words, failed.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Single(failed.Error.TrimEnd('\n').Split('\n'));
    }

    /// <param name="more">Wins over what is usual.</param>
    private Task<CommandResult> ProbeAsync((string Address, string Password) account, params string[] more)
        => Command.RunAsync("dotnet", ProbeProcess.Arguments(Merpati.Server, account, Folder, pop3: true, ["--once", .. more]));

    /// <summary>A port that speaks TLS, and then nothing.</summary>
    private sealed class TlsPort : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;

        public TlsPort(X509Certificate2 certificate)
        {
            _listener.Start();
            _serving = ServeAsync(certificate);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _serving;
        }

        private async Task ServeAsync(X509Certificate2 certificate)
        {
            while (true)
            {
                try
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var tls = new SslStream(client.GetStream());
                    await tls.AuthenticateAsServerAsync(certificate);
                    while (await tls.ReadAsync(new byte[1024]) > 0) { }
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException) { } // the client went
                catch (Exception e) when (e is SocketException or ObjectDisposedException) { return; }
            }
        }
    }
}

public sealed class ProbesOfStandalone(StandaloneFixture merpati) : Probes(merpati), IClassFixture<StandaloneFixture>;

[Collection(ClusterCollection.Name)]
public sealed class ProbesOfCluster(ClusterFixture merpati) : Probes(merpati);
