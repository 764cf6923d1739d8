using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Merpati.TestKit;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Peers;

namespace Merpati.Tests.EndToEnd.Peers;

[CollectionDefinition(Name)]
public sealed class PeersCollection : ICollectionFixture<PeersFixture>
{
    public const string Name = "peers";
}

/// <summary>
/// Merpati as here.test, and Debian's servers as the world around it, on addresses and ports of their own, found in a zone of the test:
/// <list type="bullet">
/// <item>post.test, Postfix with all that it can; dane.test and badkey.test lead there too, with a TLSA record that fits and one that does not;</item>
/// <item>plain.test, Postfix without extensions and without TLS; grey.test, Postfix behind Postgrey; far.test, Postfix that takes everything;</item>
/// <item>smart.test, by a route to Postfix that wants a password over TLS; drop.test, by a route to Dovecot over LMTP;</item>
/// <item>exim.test, Exim.</item>
/// </list>
/// </summary>
public sealed class PeersFixture : IAsyncLifetime
{
    public const int LargestMessage = 300_000;

    private const string SmartPassword = "smart secret";

    private readonly ServerFolder _servers = new("merpati-peers-");
    private readonly TestAuthority _authority = TestAuthority.Root("Authority of the test");
    private DnsTestServer? _dns;
    private string _zone = "";

    public StandaloneProcess Here { get; private set; } = null!;

    /// <summary>All that Postfix delivered.</summary>
    public Maildir Post { get; private set; } = null!;

    public Maildir Exim { get; private set; } = null!;

    public Func<string, Maildir> Dovecot { get; private set; } = null!;

    /// <summary>Where programs find the zone that know only port 53.</summary>
    public IPAddress Resolver { get; } = IPAddress.Parse(FormattableString.Invariant($"127.53.{Environment.ProcessId >> 8 & 255}.{Environment.ProcessId & 255}"));

    public string PostfixLog => File.Exists(Path.Combine(_servers.Path, "postfix.log")) ? File.ReadAllText(Path.Combine(_servers.Path, "postfix.log")) : "";

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess) throw new InvalidOperationException("Postfix, Exim and Dovecot start as root only.");
        var port = ServerFolder.FreeEndPoint(IPAddress.Any).Port;
        IPEndPoint At(string address) => new(IPAddress.Parse(address), port);
        var (post, plain, grey, far, smart, exim, lmtp) = (At("127.0.25.1"), At("127.0.25.2"), At("127.0.25.3"), At("127.0.25.4"), At("127.0.25.5"), At("127.0.25.6"), At("127.0.25.7"));
        using var certificate = _authority.Issue("mx.post.test", ["mx.post.test", "mx.exim.test", "smart.test"]);
        var certificateFile = await _servers.WriteAsync("certificate.pem", certificate.ExportCertificatePem());
        var keyFile = await _servers.WriteAsync("key.pem", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var authorities = await _servers.WriteAsync("authorities.pem", _authority.Certificate.ExportCertificatePem());
        var password = await _servers.WriteAsync("smart-password", SmartPassword);

        var digest = Convert.ToHexString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        _zone = $"""
            post.test MX 10 mx.post.test
            mx.post.test A {post.Address}
            xn--e1afmkfd.test MX 10 mx.post.test
            dane.test MX 10 mx.dane.test
            mx.dane.test A {post.Address}
            _{port}._tcp.mx.dane.test TLSA 3 1 1 {digest}
            badkey.test MX 10 mx.badkey.test
            mx.badkey.test A {post.Address}
            _{port}._tcp.mx.badkey.test TLSA 3 1 1 {Convert.ToHexString(RandomNumberGenerator.GetBytes(32))}
            $SECURE dane.test
            $SECURE badkey.test
            plain.test MX 10 mx.plain.test
            mx.plain.test A {plain.Address}
            grey.test MX 10 mx.grey.test
            mx.grey.test A {grey.Address}
            far.test MX 10 mx.far.test
            mx.far.test A {far.Address}
            exim.test MX 10 mx.exim.test
            mx.exim.test A {exim.Address}
            """;
        _dns = DnsTestServer.Start(_zone, new IPEndPoint(Resolver, 53));

        // What is here first: its ports are where the reports of the others go.
        var configuration = await _servers.WriteAsync("merpati.json", JsonSerializer.Serialize(new
        {
            outboundRelay = new { port, sweepInterval = "00:00:01", firstRetry = "00:00:01", longestRetry = "00:00:02", delayReportAfter = "00:00:01", gates = new { firstRest = "00:00:01", longestRest = "00:00:01" } },
            dns = new { servers = new[] { _dns.Address } },
            destinations = new { allowPrivateAddresses = true },
            relay = new
            {
                routes = new Dictionary<string, object>
                {
                    ["smart.test"] = new { host = "smart.test", port, user = "merpati", passwordFile = password },
                    ["drop.test"] = new { host = lmtp.Address.ToString(), port, lmtp = true, tls = "None" },
                },
            },
            smtpIngress = new { checks = new { exemptNetworks = new[] { "192.0.2.0/24" } }, content = new { submission = true } },
            userDirectory = new { dkimCheckInterval = "00:00:01" },
            domains = new[] { "here.test" },
        }));
        _zone += $"\nsmart.test A {smart.Address}";
        _dns.Load(_zone);
        Here = await StandaloneProcess.StartInAsync(null, new Dictionary<string, string> { ["SSL_CERT_FILE"] = authorities }, "--config", configuration, "--hostname", "mx.here.test");

        var policy = ServerFolder.FreeEndPoint();
        await Postgrey.StartAsync(_servers, policy, TimeSpan.FromSeconds(2), CancellationToken.None);
        (Dovecot, var sasl) = await TestKit.Peers.Dovecot.StartAsync(_servers, lmtp, new Dictionary<string, string> { ["bob@drop.test"] = "x", ["eve@drop.test"] = "x", ["merpati"] = SmartPassword }, CancellationToken.None);
        Exim = await TestKit.Peers.Exim.StartAsync(_servers, exim, certificateFile, keyFile, CancellationToken.None);
        var mail = _servers.Shared("mail");
        await Postfix.StartAsync(_servers, [
            (post, []),
            (plain, ["smtpd_discard_ehlo_keywords = pipelining, size, 8bitmime, smtputf8, chunking, dsn, etrn, vrfy, enhancedstatuscodes", "smtpd_tls_security_level = none"]),
            (grey, [$"smtpd_recipient_restrictions = reject_unauth_destination, check_policy_service inet:{policy}"]),
            (far, []),
            (smart, ["smtpd_sasl_auth_enable = yes", "smtpd_tls_security_level = encrypt", "smtpd_tls_auth_only = yes", "smtpd_relay_restrictions = permit_sasl_authenticated, reject", "smtpd_recipient_restrictions ="]),
        ], $$"""
            myhostname = mx.post.test
            mynetworks = 127.255.255.255/32
            smtputf8_enable = yes
            message_size_limit = {{LargestMessage}}
            smtpd_tls_security_level = may
            smtpd_tls_chain_files = {{keyFile}}, {{certificateFile}}
            smtpd_tls_received_header = yes
            smtpd_sasl_type = dovecot
            smtpd_sasl_path = {{sasl}}
            smtpd_sasl_authenticated_header = yes
            smtpd_recipient_restrictions = reject_unauth_destination, check_recipient_access inline:{ { full@post.test = 450 4.2.2 Mailbox is full }, { blocked@post.test = 550 5.7.1 Not from you } }
            virtual_mailbox_domains = post.test, plain.test, grey.test, far.test, smart.test, dane.test, badkey.test, xn--e1afmkfd.test, пример.test
            virtual_mailbox_base = {{mail}}
            virtual_mailbox_maps = inline:{ { bob@post.test = m/ }, { eve@post.test = m/ }, { jörg@post.test = m/ }, { bob@xn--e1afmkfd.test = m/ }, { bob@пример.test = m/ }, { @plain.test = m/ }, { @grey.test = m/ }, { @far.test = m/ }, { @smart.test = m/ }, { @dane.test = m/ }, { @badkey.test = m/ } }
            virtual_minimum_uid = 1
            virtual_uid_maps = static:65534
            virtual_gid_maps = static:65534
            transport_maps = inline:{ { here.test = smtp:[127.0.0.1]:{{Here.SmtpPort}} } }
            smtp_tls_security_level = may
            """, CancellationToken.None);
        Post = new Maildir(Path.Combine(mail, "m"));
    }

    public async Task DisposeAsync()
    {
        if (Here is not null) await Here.DisposeAsync();
        await _servers.DisposeAsync();
        if (_dns is not null) await _dns.DisposeAsync();
        _authority.Dispose();
    }

    public Task<Correspondent> NewUserAsync(string name) => new Correspondent(Here, $"{name}@here.test").CreateAsync();

    /// <summary>What is left of a user's mail is tried no more.</summary>
    public async Task DiscardAsync(Correspondent user)
    {
        var discarded = await Here.MerpatiAsync(null, "queue", "discard", "--sender", user.Address);
        Assert.True(discarded.ExitCode == 0, discarded.ToString());
    }

    /// <summary>More records for all.</summary>
    public void Publish(string records) => _dns!.Load(_zone = $"{_zone}\n{records}");

    /// <summary>What Postfix received, with its log when it did not come.</summary>
    public Task<byte[]> PostAsync(string text) => Post.WaitForAsync(text, () => PostfixLog);

    /// <summary>The timeline of a message by its Message-ID or a queue id.</summary>
    public async Task<string> TraceAsync(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        var start = text.IndexOf("Message-ID: <", StringComparison.Ordinal) + "Message-ID: <".Length;
        return (await Here.MerpatiAsync(null, "trace", text[start..text.IndexOf('>', start)])).Output;
    }

    /// <summary>A program of Debian that asks DNS for the test's zone: it sees a resolv.conf of ours.</summary>
    public async Task<CommandResult> WithZoneAsync(string program, string[] arguments, byte[]? message = null)
    {
        var resolv = await _servers.WriteAsync("resolv.conf", $"nameserver {Resolver}");
        // The message by a file, as standard input is text here.
        var input = Path.Combine(_servers.Path, "input-" + Guid.NewGuid().ToString("N"));
        await File.WriteAllBytesAsync(input, message ?? []);
        return await Command.RunAsync("unshare", ["--mount", "sh", "-c", "mount --bind \"$1\" /etc/resolv.conf && input=$2 && shift 2 && exec \"$@\" <\"$input\"", "sh", resolv, input, program, .. arguments]);
    }
}
