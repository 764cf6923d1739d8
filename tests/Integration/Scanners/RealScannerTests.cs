using System.Net;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Mail.Policy;
using Merpati.TestKit;
using Merpati.TestKit.Peers;
using Xunit;

namespace Merpati.Tests.Integration.Scanners;

/// <summary>Debian's Rspamd, ClamAV and OpenDKIM behind SmtpIngress, each with a configuration of ours in a folder that goes.</summary>
public sealed class RealScannerTests : IAsyncLifetime, IDisposable
{
    private const string Ok = "250 2.0.0 .*";

    private readonly ServerFolder _servers = new("merpati-scanners-");
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(4));

    [Fact]
    public async Task Rspamd_refuses_junks_and_lets_in()
    {
        var endPoint = await StartRspamdAsync();
        await using (var server = new ScannedServer("Rspamd", $"http://{endPoint}"))
        {
            await server.SendAsync(@"550 5\.7\.1 Gtube pattern \[scanner\]", "joe@example.org", "Subject: hi", "", "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X");
            (await server.FactsAsync()).Text(MailFact.RspamdAction).Should().Be("reject");
        }
        await using (var server = new ScannedServer("Rspamd", $"http://{endPoint}"))
        {
            await server.SendAsync(Ok, "word@example.org", "Subject: hi", "X-Spam: no", "", "hello");
            var facts = await server.FactsAsync();
            facts.List(MailFact.RspamdSymbols).Should().Equal("TEST_WORD");
            (facts.Number(MailFact.RspamdScore), facts.Text(MailFact.ScanAsks)).Should().Be((7.0, "junk"));
            server.Message().Should().StartWith("X-Merpati-Verdict: junk; rule=scanner;").And.EndWith("X-Rspamd-Word: 192.0.2.7 client.example.org ann@example.test\r\nSubject: hi\r\n\r\nhello\r\n");
        }
        await using (var server = new ScannedServer("Rspamd", $"http://{endPoint}"))
        {
            await server.SendAsync(Ok, "joe@example.org", "Subject: hi", "", "hello");
            (await server.FactsAsync()).List(MailFact.ScanResults).Should().Equal("real=no-action");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClamAV_finds_EICAR_in_an_attachment(bool unix)
    {
        var address = await StartClamdAsync(unix);
        // In two halves, so that this file is none for whoever scans it.
        var eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
        await using (var server = new ScannedServer("Clamd", address))
        {
            await server.SendAsync(@"550 5\.7\.1 The message carries malware \[virus\]", "joe@example.org",
                "MIME-Version: 1.0", "Subject: hi", "Content-Type: application/octet-stream; name=a.com", "Content-Transfer-Encoding: base64", "", Convert.ToBase64String(Encoding.ASCII.GetBytes(eicar)));
            (await server.FactsAsync()).List(MailFact.Viruses).Should().ContainSingle().Which.Should().StartWith("Merpati.Eicar");
        }
        await using (var server = new ScannedServer("Clamd", address))
        {
            await server.SendAsync(Ok, "joe@example.org", "Subject: hi", "", "hello");
            server.Message().Should().StartWith("X-Merpati-Scan: real=clean\r\n");
        }
        await using (var server = new ScannedServer("Clamd", address))
        {
            await server.SendAsync(Ok, "joe@example.org", ["Subject: hi", "", .. Enumerable.Repeat(new string('x', 900), 2000)]);
            (await server.FactsAsync()).List(MailFact.ScanResults).Should().Equal("real=too-big");
        }
    }

    [Theory]
    [InlineData("simple/simple")]
    [InlineData("relaxed/relaxed")]
    public async Task What_OpenDKIM_signs_as_a_milter_is_signed(string canonicalization)
    {
        using var key = RSA.Create(2048);
        var endPoint = await StartOpenDkimAsync(key, canonicalization);
        await using var server = new ScannedServer("Milter", $"inet:{endPoint}");
        await server.SendAsync(Ok, "joe@example.org", "From: joe@example.org", "Subject:  two blanks", "\tand folded", "Date: Sat, 28 Nov 2026 12:00:00 +0000", "", "hello ", "", "world", "", "");

        var message = server.Message();
        message.Should().StartWith("X-Merpati-Scan: real=accept\r\nReceived: ").And.Contain("\r\nDKIM-Signature: ");
        using var received = new ReceivedMessage(65_536, 10);
        received.Write(Encoding.Latin1.GetBytes(message));
        received.Complete();
        var dns = new ZoneFileDns(ZoneFile.Parse($"k._domainkey.example.org TXT {Pieces($"v=DKIM1; k=rsa; p={Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}")}"));
        var results = await DkimVerifier.VerifyAsync(received, dns, DkimPolicy.Standard, TimeProvider.System.GetUtcNow(), _patience.Token);
        results.Should().ContainSingle().Which.Result.Should().Be(AuthResult.Pass, results[0].Reason);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _servers.DisposeAsync();

    public void Dispose() => _patience.Dispose();

    private async Task<IPEndPoint> StartRspamdAsync()
    {
        var endPoint = ServerFolder.FreeEndPoint();
        var rules = await _servers.WriteAsync("rules.lua", """
            rspamd_config.TEST_WORD = {
              callback = function(task)
                local from = task:get_from('smtp')
                if not from or from[1].addr ~= 'word@example.org' then return false end
                local told = tostring(task:get_from_ip()) .. ' ' .. task:get_helo() .. ' ' .. task:get_recipients('smtp')[1].addr
                task:set_milter_reply({ add_headers = { ['X-Rspamd-Word'] = told }, remove_headers = { ['X-Spam'] = 0 } })
                return true
              end,
              score = 7.0, group = 'test'
            }
            """);
        // The whole list of public suffixes takes half a minute to compile.
        var suffixes = await _servers.WriteAsync("suffixes.dat", "org\ntest");
        var configuration = await _servers.WriteAsync("rspamd.conf", $$"""
            options {
              pidfile = "{{_servers.Path}}/rspamd.pid"; tempdir = "{{_servers.Path}}"; hs_cache_dir = "{{_servers.Path}}"; history_file = "{{_servers.Path}}/history";
              control_socket = "{{_servers.Path}}/control.sock mode=0600"; url_tld = "{{suffixes}}"; filters = "";
              dns { timeout = 0.1s; retransmits = 1; nameserver = ["127.0.0.1:9"]; }
            }
            logging { type = "file"; filename = "{{_servers.Path}}/rspamd.log"; level = "info"; }
            worker "normal" { bind_socket = "{{endPoint}}"; count = 1; }
            actions { reject = 15; add_header = 6; greylist = 4; }
            lua = "{{rules}}";
            """);
        _servers.Start("/usr/bin/rspamd", "-f", "-i", "-c", configuration);
        // Its languages alone take many seconds on a busy machine.
        await _servers.ListeningAsync(endPoint, _patience.Token, tries: 900);
        return endPoint;
    }

    private async Task<string> StartClamdAsync(bool unix)
    {
        var endPoint = ServerFolder.FreeEndPoint();
        var database = _servers.Shared("signatures");
        // The test file by its hash, and by its beginning wherever it is.
        await File.WriteAllTextAsync(Path.Combine(database, "own.hdb"), "44d88612fea8a8f36de82e1278abb02f:68:Merpati.Eicar.Hash\n");
        await File.WriteAllTextAsync(Path.Combine(database, "own.ndb"), "Merpati.Eicar.Pattern:0:*:58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d\n");
        var configuration = await _servers.WriteAsync("clamd.conf", $"""
            Foreground yes
            LogFile {_servers.Path}/clamd.log
            DatabaseDirectory {database}
            TemporaryDirectory {_servers.Shared("scratch")}
            TCPSocket {endPoint.Port}
            TCPAddr 127.0.0.1
            LocalSocket {_servers.Path}/clamd.sock
            StreamMaxLength 1M
            MaxThreads 4
            """);
        _servers.Start("/usr/sbin/clamd", "-c", configuration);
        await _servers.ListeningAsync(endPoint, _patience.Token);
        return unix ? $"unix:{_servers.Path}/clamd.sock" : $"inet:{endPoint}";
    }

    private async Task<IPEndPoint> StartOpenDkimAsync(RSA key, string canonicalization)
    {
        var endPoint = ServerFolder.FreeEndPoint();
        var configuration = await _servers.WriteAsync("opendkim.conf", $"""
            Syslog no
            Mode s
            Domain example.org
            Selector k
            KeyFile {await _servers.WriteAsync("key.pem", key.ExportRSAPrivateKeyPem())}
            Socket inet:{endPoint.Port}@127.0.0.1
            InternalHosts {await _servers.WriteAsync("hosts", "192.0.2.7")}
            Canonicalization {canonicalization}
            RequireSafeKeys no
            PidFile {_servers.Path}/opendkim.pid
            """);
        _servers.Start("/usr/sbin/opendkim", "-f", "-x", configuration);
        await _servers.ListeningAsync(endPoint, _patience.Token);
        return endPoint;
    }

    private static string Pieces(string text) => string.Join(' ', text.Chunk(200).Select(piece => $"\"{new string(piece)}\""));
}
