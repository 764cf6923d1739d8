using System.Net;

namespace Merpati.TestKit.Peers;

/// <summary>Debian's Postfix with configuration, queue and log in a folder of ours. The system's own instance, if there is one, is neither read nor touched.</summary>
public static class Postfix
{
    private const string Master = "/usr/lib/postfix/sbin/master";

    public static bool IsInstalled => File.Exists(Master);

    /// <param name="main">Lines of main.cf beside those that say where everything is.</param>
    public static Task StartAsync(ServerFolder servers, IPEndPoint smtp, string main, CancellationToken cancellationToken) => StartAsync(servers, [(smtp, [])], main, cancellationToken);

    /// <param name="doors">Where smtpd listens, and the keys of main.cf that are otherwise there.</param>
    /// <param name="main">Lines of main.cf beside those that say where everything is.</param>
    public static async Task StartAsync(ServerFolder servers, IReadOnlyList<(IPEndPoint At, string[] Keys)> doors, string main, CancellationToken cancellationToken)
    {
        var configuration = Directory.CreateDirectory(Path.Combine(servers.Path, "postfix")).FullName;
        var data = Directory.CreateDirectory(Path.Combine(servers.Path, "postfix-data")).FullName;
        var queue = Directory.CreateDirectory(Path.Combine(servers.Path, "queue")).FullName;
        await servers.WriteAsync("postfix/main.cf", $"""
            compatibility_level = 3.6
            queue_directory = {queue}
            data_directory = {data}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            mydestination =
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            alias_maps =
            local_recipient_maps =
            maillog_file = {servers.Path}/postfix.log
            maillog_file_prefixes = {servers.Path}
            import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME
            {main}
            """);
        await servers.WriteAsync("postfix/master.cf", string.Concat(doors.Select(door => $"{door.At} inet n - n - - smtpd{string.Concat(door.Keys.Select(key => $"\n  -o {{ {key} }}"))}\n")) + """
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
            virtual   unix  - n n - - virtual
            lmtp      unix  - - n - - lmtp
            anvil     unix  - - n - 1 anvil
            scache    unix  - - n - 1 scache
            """);
        await ServerFolder.CheckedAsync("chown", "postfix", data);
        foreach (var name in (string[])["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace", "maildrop", "public", "pid"])
            Directory.CreateDirectory(Path.Combine(queue, name));
        await ServerFolder.CheckedAsync("sh", "-c", "cd \"$1\" && chown postfix active bounce corrupt defer deferred flush hold incoming private saved trace maildrop public && chmod 700 active bounce corrupt defer deferred flush hold incoming private saved trace && chgrp postdrop maildrop public && chmod 1730 maildrop && chmod 2710 public && chmod 755 pid", "sh", queue);
        servers.Start(Master, "-c", configuration, "-d");
        foreach (var (at, _) in doors) await servers.ListeningAsync(at, cancellationToken);
    }
}
