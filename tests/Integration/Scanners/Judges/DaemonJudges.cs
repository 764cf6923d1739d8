using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AwesomeAssertions;
using Merpati.Protocols.Milter;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Peers;

namespace Merpati.Tests.Integration.Scanners.Judges;

/// <summary>
/// What Debian's OpenDKIM, OpenDMARC and Rspamd say: the first two are asked through our own side of the milter protocol, Rspamd over HTTP. They see a resolv.conf of ours, as the resolver of OpenDMARC knows port 53 alone.
/// </summary>
internal sealed partial class DaemonJudges : IAsyncDisposable
{
    private const string Name = "judge.example.net";

    private readonly ServerFolder _servers = new("merpati-judges-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private readonly DnsTestServer _dns;
    private readonly CancellationToken _patience;
    private IPEndPoint? _openDkim;
    private IPEndPoint? _openDmarc;
    private IPEndPoint? _rspamd;

    private DaemonJudges(DnsTestServer dns, CancellationToken patience) => (_dns, _patience) = (dns, patience);

    public static async Task<DaemonJudges> StartAsync(string zone, CancellationToken patience)
    {
        var judges = new DaemonJudges(DnsTestServer.Start(zone, new IPEndPoint(IPAddress.Parse($"127.{Environment.ProcessId / 65536 % 200 + 20}.{Environment.ProcessId / 256 % 256}.{Environment.ProcessId % 256}"), 53)), patience);
        try
        {
            await judges.StartAsync();
            return judges;
        }
        catch
        {
            await judges.DisposeAsync();
            throw;
        }
    }

    /// <summary>By signature, as the header field says it; null for what it does not judge.</summary>
    public async Task<string?> OpenDkimAsync(CorpusCase one)
    {
        if (one.Kind != "dkim") return null;
        var said = await MilterAsync(_openDkim!, one, results: null);
        return string.Join(',', DkimResults().Matches(said).Select(match => match.Groups["result"].Value).Where(result => result != "none"));
    }

    /// <param name="dkim">Domains and whether the signature passed, as we found it: OpenDMARC verifies none itself.</param>
    public async Task<string?> OpenDmarcAsync(CorpusCase one, IReadOnlyList<(string Domain, bool Passed)> dkim)
    {
        if (one.Kind != "dmarc") return null;
        var results = string.Concat(dkim.Select(signature => $"; dkim={(signature.Passed ? "pass" : "fail")} header.d={signature.Domain} header.s=rsa"));
        var said = await MilterAsync(_openDmarc!, one, $"{Name}{(results.Length > 0 ? results : "; dkim=none")}");
        var match = DmarcResult().Match(said);
        match.Success.Should().BeTrue(said);
        return match.Groups["result"].Value switch
        {
            "fail" => $"fail {match.Groups["policy"].Value}",
            var result => $"{result} none",
        };
    }

    public async Task<string?> RspamdAsync(CorpusCase one)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{_rspamd}/checkv2");
        request.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(one.Message ?? "From: joe@example.net\r\nSubject: hi\r\n\r\nhi\r\n"));
        request.Headers.TryAddWithoutValidation("IP", one.Client.Length > 0 ? one.Client : "192.0.2.200");
        request.Headers.TryAddWithoutValidation("Helo", one.Hello.Length > 0 ? one.Hello : "mx.example.net");
        request.Headers.TryAddWithoutValidation("From", one.Sender.Length > 0 || one.Kind == "spf" ? one.Sender : "joe@example.net");
        using var response = await _http.SendAsync(request, _patience);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(_patience);
        var symbols = answer.GetProperty("symbols").EnumerateObject().Select(symbol => symbol.Name).ToHashSet(StringComparer.Ordinal);
        return one.Kind switch
        {
            // It tells of a message, not of each signature.
            "dkim" when CorpusSigner.Fields(CorpusSigner.Split(one.Message!).Header).Count(field => field.StartsWith("DKIM-Signature:", StringComparison.OrdinalIgnoreCase)) == 1 => Word(("R_DKIM_ALLOW", "pass"), ("R_DKIM_REJECT", "fail"), ("R_DKIM_PERMFAIL", "permerror"), ("R_DKIM_TEMPFAIL", "temperror"), ("R_DKIM_NA", "none")),
            "dkim" => null,
            "arc" => Word(("ARC_ALLOW", "pass"), ("ARC_REJECT", "fail"), ("ARC_INVALID", "fail"), ("ARC_DNSFAIL", "temperror"), ("ARC_NA", "none")),
            "spf" => Word(("R_SPF_ALLOW", "pass"), ("R_SPF_FAIL", "fail"), ("R_SPF_SOFTFAIL", "softfail"), ("R_SPF_NEUTRAL", "neutral"), ("R_SPF_PERMFAIL", "permerror"), ("R_SPF_DNSFAIL", "temperror"), ("R_SPF_NA", "none"), ("R_SPF_PLUSALL", "pass")),
            _ => Word(("DMARC_POLICY_ALLOW", "pass none"), ("DMARC_POLICY_ALLOW_WITH_FAILURES", "pass none"), ("DMARC_POLICY_REJECT", "fail reject"), ("DMARC_POLICY_QUARANTINE", "fail quarantine"), ("DMARC_POLICY_SOFTFAIL", "fail none"), ("DMARC_BAD_POLICY", "permerror none"), ("DMARC_DNSFAIL", "temperror none"), ("DMARC_NA", "none none")),
        };

        string Word(params (string Symbol, string Word)[] words) => words.FirstOrDefault(word => symbols.Contains(word.Symbol)).Word ?? string.Join(' ', symbols);
    }

    public async ValueTask DisposeAsync()
    {
        await _servers.DisposeAsync();
        await _dns.DisposeAsync();
        _http.Dispose();
    }

    private async Task StartAsync()
    {
        await StartOpenDkimAsync(_openDkim = ServerFolder.FreeEndPoint());
        await StartOpenDmarcAsync(_openDmarc = ServerFolder.FreeEndPoint());
        await StartRspamdAsync(_rspamd = ServerFolder.FreeEndPoint());
    }

    private async Task StartOpenDkimAsync(IPEndPoint endPoint)
        => await StartAsync(endPoint, "/usr/sbin/opendkim", "-f", "-x", await _servers.WriteAsync("opendkim.conf", $"""
            Syslog no
            Mode v
            Socket inet:{endPoint.Port}@127.0.0.1
            PidFile {_servers.Path}/opendkim.pid
            AuthservID {Name}
            AlwaysAddARHeader yes
            Nameservers {_dns.EndPoint.Address}
            InternalHosts {await _servers.WriteAsync("internal", "192.0.2.254")}
            """));

    private async Task StartOpenDmarcAsync(IPEndPoint endPoint)
        => await StartAsync(endPoint, "/usr/sbin/opendmarc", "-f", "-c", await _servers.WriteAsync("opendmarc.conf", $"""
            Syslog false
            Socket inet:{endPoint.Port}@127.0.0.1
            PidFile {_servers.Path}/opendmarc.pid
            AuthservID {Name}
            TrustedAuthservIDs {Name}
            SPFIgnoreResults true
            SPFSelfValidate true
            PublicSuffixList {await _servers.WriteAsync("suffixes.dat", "org\nnet\nexample")}
            IgnoreHosts {await _servers.WriteAsync("ignored", "192.0.2.254")}
            """));

    private async Task StartRspamdAsync(IPEndPoint endPoint)
        => await StartAsync(endPoint, "/usr/bin/rspamd", "-f", "-i", "-c", await _servers.WriteAsync("rspamd.conf", $$"""
            options {
              pidfile = "{{_servers.Path}}/rspamd.pid"; tempdir = "{{_servers.Path}}"; hs_cache_dir = "{{_servers.Path}}"; history_file = "{{_servers.Path}}/history"; control_socket = "{{_servers.Path}}/control.sock mode=0600";
              url_tld = "{{_servers.Path}}/suffixes.dat"; filters = "dkim"; explicit_modules = ["spf", "dmarc", "arc"]; local_addrs = [];
              dns { timeout = 2s; retransmits = 2; nameserver = ["{{_dns.EndPoint}}"]; }
            }
            logging { type = "file"; filename = "{{_servers.Path}}/rspamd.log"; level = "info"; }
            worker "normal" { bind_socket = "{{endPoint}}"; count = 1; }
            actions { reject = 15; add_header = 6; greylist = 4; }
            modules { path = "/usr/share/rspamd/plugins/spf.lua"; path = "/usr/share/rspamd/plugins/dmarc.lua"; path = "/usr/share/rspamd/plugins/arc.lua"; }
            dkim { max_sigs = 20; trusted_only = false; check_local = true; check_authed = true; }
            spf { check_local = true; check_authed = true; }
            dmarc { check_local = true; check_authed = true; }
            arc { check_local = true; check_authed = true; }
            """));

    private async Task StartAsync(IPEndPoint endPoint, string program, params string[] arguments)
    {
        var resolv = await _servers.WriteAsync("resolv.conf", $"nameserver {_dns.EndPoint.Address}");
        _servers.Start("unshare", ["--mount", "sh", "-c", "mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"", "sh", resolv, program, .. arguments]);
        // Rspamd's languages alone take many seconds on a busy machine.
        await _servers.ListeningAsync(endPoint, _patience, tries: 900);
    }

    /// <summary>Gives the message to a filter, with a field of results on top if there is one.</summary>
    /// <returns>The header fields of results that it adds.</returns>
    private async Task<string> MilterAsync(IPEndPoint filter, CorpusCase one, string? results)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(filter, _patience);
        var stream = client.GetStream();
        var session = new MilterSession(new Pipes(PipeReader.Create(stream), PipeWriter.Create(stream)), TimeSpan.FromSeconds(30), TimeProvider.System);
        await session.NegotiateAsync(MilterActions.All, _patience);
        session.Define("j", Name);
        session.Define("i", "1");
        await session.ConnectAsync("mx.other.org", new IPEndPoint(IPAddress.Parse(one.Client.Length > 0 ? one.Client : "192.0.2.9"), 25), _patience);
        await session.HeloAsync(one.Hello.Length > 0 ? one.Hello : "mx.other.org", _patience);
        await session.MailAsync($"<{(one.Sender.Length > 0 ? one.Sender : "joe@keys.org")}>", [], _patience);
        await session.RcptAsync("<ann@example.net>", [], _patience);
        await session.DataAsync(_patience);
        // Without an empty line it is all header.
        var (header, body) = one.Message!.Contains("\r\n\r\n", StringComparison.Ordinal) ? CorpusSigner.Split(one.Message) : (one.Message, "");
        foreach (var field in results is null ? CorpusSigner.Fields(header) : [$"Authentication-Results: {results}\r\n", .. CorpusSigner.Fields(header)])
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            // A line that is no field is nothing that the protocol could tell.
            if (colon < 0) continue;
            await session.HeaderAsync(Encoding.Latin1.GetBytes(field[..colon]), Encoding.Latin1.GetBytes(field[(colon + 1)..]), _patience);
        }
        await session.EndOfHeadersAsync(_patience);
        if (body.Length > 0) await session.BodyAsync(Encoding.Latin1.GetBytes(body), _patience);
        var added = new StringBuilder();
        await session.EndOfMessageAsync((change, _) =>
        {
            if (change is MilterChange.InsertHeader { Value: var value }) added.Append(Encoding.Latin1.GetString(value.Span)).Append('\n');
            return ValueTask.CompletedTask;
        }, _patience);
        await session.QuitAsync(_patience);
        return added.ToString();
    }

    [GeneratedRegex(@"\bdkim=(?<result>[a-z]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex DkimResults();

    [GeneratedRegex(@"\bdmarc=(?<result>[a-z]+)(\s*\(p=(?<policy>[a-z]+))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex DmarcResult();

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
