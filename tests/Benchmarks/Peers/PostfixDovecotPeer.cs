using System.Net;
using Merpati.TestKit.Peers;

namespace Merpati.Benchmarks.Peers;

/// <summary>
/// Debian's Postfix with Dovecot behind it over LMTP, with configuration, queue and mail in a folder of their own. The system's own
/// instances, if there are any, are neither read nor touched. Both start as root and are ended by their process ids.
/// </summary>
internal sealed class PostfixDovecotPeer : IPeer
{
    private const string Dovecot = "/usr/sbin/dovecot";

    private readonly ServerFolder _servers = new("bench-postfix-");

    private readonly bool _indexed;

    private PostfixDovecotPeer(bool indexed) => _indexed = indexed;

    public string Name => _indexed ? "Postfix + Dovecot, squat" : "Postfix + Dovecot";

    public IPEndPoint Smtp { get; } = ServerFolder.FreeEndPoint();

    public IPEndPoint Imap { get; } = ServerFolder.FreeEndPoint();

    public IReadOnlyList<int> Processes => _servers.Processes;

    public static bool IsInstalled => Postfix.IsInstalled && File.Exists(Dovecot) && File.Exists("/usr/lib/dovecot/lmtp");

    /// <param name="indexed">With the full-text index that Dovecot brings along, which finds parts of words as a plain SEARCH does.</param>
    public static async Task<PostfixDovecotPeer> StartAsync(CancellationToken cancellationToken, bool indexed = false)
    {
        if (!IsInstalled) throw new UsageException("Postfix and Dovecot are not installed: apt-get install postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd (see compare.sh)");
        var peer = new PostfixDovecotPeer(indexed);
        try
        {
            await peer.StartDovecotAsync(cancellationToken);
            await Postfix.StartAsync(peer._servers, peer.Smtp, $"""
                myhostname = mx.bench.test
                mynetworks = 127.0.0.0/8
                virtual_mailbox_domains = bench.test
                virtual_mailbox_maps = static:all
                virtual_transport = lmtp:unix:{peer._servers.Path}/dovecot/lmtp
                smtpd_recipient_restrictions = reject_unauth_destination
                default_process_limit = 200
                """, cancellationToken);
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
        var mail = Directory.CreateDirectory(Path.Combine(_servers.Path, "mail")).FullName;
        var run = Directory.CreateDirectory(Path.Combine(_servers.Path, "dovecot")).FullName;
        await ServerFolder.CheckedAsync("chown", ["mail:mail", mail]);
        var users = Path.Combine(_servers.Path, "users");
        await File.WriteAllLinesAsync(users, BenchAccounts.Addresses.Select(address => $"{address}:{{PLAIN}}{BenchAccounts.Password}"), cancellationToken);
        var configuration = Path.Combine(_servers.Path, "dovecot.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            base_dir = {{run}}
            state_dir = {{run}}/state
            log_path = {{_servers.Path}}/dovecot.log
            protocols = imap lmtp
            listen = 127.0.0.1
            ssl = no
            disable_plaintext_auth = no
            mail_fsync = optimized
            mail_max_userip_connections = 5000
            first_valid_uid = 1
            first_valid_gid = 1
            mail_location = maildir:~/Maildir
            {{(_indexed ? "mail_plugins = fts fts_squat\nplugin {\n  fts = squat\n  fts_autoindex = yes\n}" : "")}}
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
        _servers.Start(Dovecot, "-F", "-c", configuration);
        await _servers.ListeningAsync(Imap, cancellationToken);
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();
}
