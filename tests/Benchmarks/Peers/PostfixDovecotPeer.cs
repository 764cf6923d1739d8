using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merpati.TestKit;

namespace Merpati.Benchmarks.Peers;

/// <summary>
/// Debian's Postfix with Dovecot behind it over LMTP, with configuration, queue and mail in a folder of their own. The system's own
/// instances, if there are any, are neither read nor touched. Both start as root and are ended by their process ids.
/// </summary>
internal sealed class PostfixDovecotPeer : IPeer
{
    private const string Master = "/usr/lib/postfix/sbin/master";
    private const string Dovecot = "/usr/sbin/dovecot";

    private readonly string _folder;
    private readonly List<Process> _processes = [];

    private PostfixDovecotPeer(string folder, int smtpPort, int imapPort)
    {
        _folder = folder;
        Smtp = new IPEndPoint(IPAddress.Loopback, smtpPort);
        Imap = new IPEndPoint(IPAddress.Loopback, imapPort);
    }

    public string Name => "Postfix + Dovecot";

    public IPEndPoint Smtp { get; }

    public IPEndPoint Imap { get; }

    public IReadOnlyList<int> Processes => [.. _processes.Select(process => process.Id)];

    public static bool IsInstalled => File.Exists(Master) && File.Exists(Dovecot) && File.Exists("/usr/lib/dovecot/lmtp");

    public static async Task<PostfixDovecotPeer> StartAsync(CancellationToken cancellationToken)
    {
        if (!IsInstalled) throw new UsageException("Postfix and Dovecot are not installed: apt-get install postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd (see compare.sh)");
        var folder = Directory.CreateTempSubdirectory("bench-postfix-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var peer = new PostfixDovecotPeer(folder, FreePort(), FreePort());
        try
        {
            await peer.StartDovecotAsync(cancellationToken);
            await peer.StartPostfixAsync(cancellationToken);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    private async Task StartDovecotAsync(CancellationToken cancellationToken)
    {
        var mail = Directory.CreateDirectory(Path.Combine(_folder, "mail")).FullName;
        var run = Directory.CreateDirectory(Path.Combine(_folder, "dovecot")).FullName;
        await CheckedAsync("chown", ["mail:mail", mail]);
        var users = Path.Combine(_folder, "users");
        await File.WriteAllLinesAsync(users, BenchAccounts.Addresses.Select(address => $"{address}:{{PLAIN}}{BenchAccounts.Password}"), cancellationToken);
        var configuration = Path.Combine(_folder, "dovecot.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            base_dir = {{run}}
            state_dir = {{run}}/state
            log_path = {{_folder}}/dovecot.log
            protocols = imap lmtp
            listen = 127.0.0.1
            ssl = no
            disable_plaintext_auth = no
            mail_fsync = optimized
            mail_max_userip_connections = 5000
            first_valid_uid = 1
            first_valid_gid = 1
            mail_location = maildir:~/Maildir
            passdb {
              driver = passwd-file
              args = username_format=%u {{users}}
            }
            userdb {
              driver = static
              args = uid=mail gid=mail home={{mail}}/%u
            }
            service imap-login {
              service_count = 256
              process_min_avail = 2
              client_limit = 5000
              inet_listener imap {
                port = {{Imap.Port}}
              }
              inet_listener imaps {
                port = 0
              }
            }
            service imap {
              process_limit = 3000
            }
            service auth {
              client_limit = 10000
            }
            service anvil {
              client_limit = 10000
            }
            service lmtp {
              process_limit = 200
              unix_listener lmtp {
                path = {{run}}/lmtp
                mode = 0666
              }
            }
            """, cancellationToken);
        Start(Dovecot, "-F", "-c", configuration);
        await ListeningAsync(Imap, cancellationToken);
    }

    private async Task StartPostfixAsync(CancellationToken cancellationToken)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(_folder, "postfix")).FullName;
        var data = Directory.CreateDirectory(Path.Combine(_folder, "postfix-data")).FullName;
        var queue = Directory.CreateDirectory(Path.Combine(_folder, "queue")).FullName;
        await File.WriteAllTextAsync(Path.Combine(configuration, "main.cf"), $"""
            compatibility_level = 3.6
            queue_directory = {queue}
            data_directory = {data}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = mx.bench.test
            mydestination =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mynetworks = 127.0.0.0/8
            alias_maps =
            local_recipient_maps =
            virtual_mailbox_domains = bench.test
            virtual_mailbox_maps = static:all
            virtual_transport = lmtp:unix:{_folder}/dovecot/lmtp
            smtpd_recipient_restrictions = reject_unauth_destination
            default_process_limit = 200
            maillog_file = {_folder}/postfix.log
            maillog_file_prefixes = {_folder}
            import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME
            """, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(configuration, "master.cf"), $"""
            127.0.0.1:{Smtp.Port} inet n - n - - smtpd
            postlog   unix-dgram n - n - 1 postlogd
            pickup    unix  n - n 60 1 pickup
            cleanup   unix  n - n - 0 cleanup
            qmgr      unix  n - n 300 1 qmgr
            tlsmgr    unix  - - n 1000? 1 tlsmgr
            rewrite   unix  - - n - - trivial-rewrite
            bounce    unix  - - n - 0 bounce
            defer     unix  - - n - 0 bounce
            trace     unix  - - n - 0 bounce
            verify    unix  - - n - 1 verify
            flush     unix  n - n 1000? 0 flush
            proxymap  unix  - - n - - proxymap
            proxywrite unix - - n - 1 proxymap
            smtp      unix  - - n - - smtp
            relay     unix  - - n - - smtp
            showq     unix  n - n - - showq
            error     unix  - - n - - error
            retry     unix  - - n - - error
            discard   unix  - - n - - discard
            lmtp      unix  - - n - - lmtp
            anvil     unix  - - n - 1 anvil
            scache    unix  - - n - 1 scache

            """, cancellationToken);
        await CheckedAsync("chown", ["postfix", data]);
        foreach (var name in (string[])["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace", "maildrop", "public", "pid"])
            Directory.CreateDirectory(Path.Combine(queue, name));
        await CheckedAsync("sh", ["-c", "cd \"$1\" && chown postfix active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public && chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace && chgrp postdrop maildrop public && chmod 1730 maildrop && chmod 2710 public && chmod 755 pid", "sh", queue]);
        Start(Master, "-c", configuration, "-d");
        await ListeningAsync(Smtp, cancellationToken);
    }

    private void Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _processes.Add(process);
    }

    private async Task ListeningAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                if (_processes[^1].HasExited) break;
                await Task.Delay(100, cancellationToken);
            }
        }
        var logs = Directory.EnumerateFiles(_folder, "*.log").Select(log => string.Create(CultureInfo.InvariantCulture, $"{log}:\n{File.ReadAllText(log)}"));
        throw new InvalidOperationException($"{_processes[^1].StartInfo.FileName} does not listen on {endPoint}.\n{string.Join('\n', logs)}");
    }

    private static async Task CheckedAsync(string program, string[] arguments)
    {
        var result = await Command.RunAsync(program, arguments);
        if (result.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result}");
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            // SIGTERM: both masters end their children themselves.
            if (!process.HasExited) await Command.RunAsync("kill", [process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try { await process.WaitForExitAsync(patience.Token); }
            catch (OperationCanceledException) { process.Kill(entireProcessTree: true); }
            process.Dispose();
        }
        for (var attempt = 1; Directory.Exists(_folder); attempt++)
        {
            try { Directory.Delete(_folder, recursive: true); }
            catch (IOException) when (attempt < 20) { await Task.Delay(250); } // the last children still leave
        }
    }
}
