using System.Net;

namespace Merpati.TestKit.Peers;

/// <summary>Debian's Dovecot: LMTP into Maildirs, and SASL for Postfix.</summary>
public static class Dovecot
{
    private const string Program = "/usr/sbin/dovecot";

    /// <param name="users">Addresses and passwords; others are refused.</param>
    /// <returns>The Maildirs by address, and the socket of SASL.</returns>
    public static async Task<(Func<string, Maildir> Mail, string Sasl)> StartAsync(ServerFolder servers, IPEndPoint lmtp, IReadOnlyDictionary<string, string> users, CancellationToken cancellationToken)
    {
        var mail = servers.Shared("dovecot-mail");
        var run = Directory.CreateDirectory(Path.Combine(servers.Path, "dovecot")).FullName;
        var passwords = await servers.WriteAsync("users", string.Join('\n', users.Select(user => $"{user.Key}:{{PLAIN}}{user.Value}:nobody:nogroup::{mail}/{user.Key}::")));
        var configuration = await servers.WriteAsync("dovecot.conf", $$"""
            base_dir = {{run}}
            state_dir = {{run}}/state
            log_path = {{servers.Path}}/dovecot.log
            protocols = lmtp
            listen = {{lmtp.Address}}
            ssl = no
            first_valid_uid = 1
            first_valid_gid = 1
            mail_location = maildir:~/Maildir
            auth_mechanisms = plain login
            disable_plaintext_auth = no
            passdb {
              driver = passwd-file
              args = username_format=%u {{passwords}}
            }
            userdb {
              driver = passwd-file
              args = username_format=%u {{passwords}}
            }
            service auth {
              unix_listener {{servers.Path}}/sasl {
                mode = 0666
              }
            }
            service lmtp {
              inet_listener lmtp {
                address = {{lmtp.Address}}
                port = {{lmtp.Port}}
              }
            }
            """);
        servers.Start(Program, "-F", "-c", configuration);
        await servers.ListeningAsync(lmtp, cancellationToken);
        return (address => new Maildir(Path.Combine(mail, address, "Maildir")), Path.Combine(servers.Path, "sasl"));
    }
}
