using System.Net;

namespace Merpati.TestKit.Peers;

/// <summary>
/// Debian's Exim, which cannot be installed beside Postfix: its package is unpacked where the task Clients put it. Its domain is exim.test; all mail goes to one Maildir, with Envelope-To.
/// ghost@ is refused, later@ is put off.
/// </summary>
public static class Exim
{
    public const string Program = "/var/cache/merpati/exim/usr/sbin/exim4";

    public static async Task<Maildir> StartAsync(ServerFolder servers, IPEndPoint smtp, string certificate, string key, CancellationToken cancellationToken)
    {
        var folder = servers.Shared("exim");
        var mail = servers.Shared("exim-mail");
        var configuration = await servers.WriteAsync("exim.conf", $$"""
            exim_path = {{Program}}
            exim_user = nobody
            exim_group = nogroup
            spool_directory = {{folder}}
            log_file_path = {{folder}}/%slog.log
            pid_file_path = {{folder}}/pid
            primary_hostname = mx.exim.test
            domainlist here = exim.test
            local_interfaces = {{smtp.Address}}
            daemon_smtp_ports = {{smtp.Port}}
            tls_advertise_hosts = *
            tls_certificate = {{certificate}}
            tls_privatekey = {{key}}
            smtputf8_advertise_hosts = *
            dsn_advertise_hosts = *
            message_size_limit = 10M
            received_header_text = Received: from ${sender_helo_name} by ${primary_hostname} with ${received_protocol} ${tls_in_cipher} id ${message_exim_id}
            acl_smtp_rcpt = rcpt
            acl_smtp_data = data
            begin acl
            rcpt:
              deny   local_parts = ghost
                     message = 550 5.1.1 No such user here
              defer  local_parts = later
                     message = 450 4.2.1 Not now
              accept domains = +here
              deny   message = 550 5.7.1 No relaying
            data:
              accept
            begin routers
            all:
              driver = accept
              transport = maildir
            begin transports
            maildir:
              driver = appendfile
              directory = {{mail}}
              maildir_format
              user = nobody
              group = nogroup
              mode = 0644
              mode_fail_narrower = false
              return_path_add
              envelope_to_add
            """);
        await ServerFolder.CheckedAsync("chown", "-R", "nobody:nogroup", folder);
        servers.Start(Program, "-bdf", "-C", configuration);
        await servers.ListeningAsync(smtp, cancellationToken);
        return new Maildir(mail);
    }
}
