namespace Merpati.TestKit;

/// <summary>A running Merpati as its clients and its administrator see it: Standalone, or the cluster.</summary>
public interface IMailServer : IAsyncDisposable
{
    int SmtpPort { get; }

    int SubmissionPort { get; }

    int SubmissionsPort { get; }

    int ImapPort { get; }

    int ImapsPort { get; }

    int Pop3Port { get; }

    int Pop3sPort { get; }

    /// <summary>A PEM file that clients trust.</summary>
    string Certificate { get; }

    /// <summary>Address and password of accounts that are there from the start.</summary>
    IReadOnlyList<(string Address, string Password)> Accounts { get; }

    /// <summary>Runs the merpati command against this server.</summary>
    Task<CommandResult> MerpatiAsync(string? standardInput, params string[] arguments);
}

public static class MailServerAdministration
{
    /// <summary>Adds an account with a password of the test's choice.</summary>
    public static async Task AddAccountAsync(this IMailServer server, string address, string password)
    {
        var result = await server.MerpatiAsync(password + "\n", "account", "add", address, "--password-stdin");
        if (result.ExitCode != 0) throw new InvalidOperationException($"account add {address}: {result}");
    }

    /// <summary>Adds DKIM keys to a domain; they sign once their records can be seen in DNS.</summary>
    /// <returns>The records, as a <see cref="Dns.DnsZone"/> has them.</returns>
    public static async Task<string> AddDkimKeysAsync(this IMailServer server, string domain)
    {
        await DoAsync("add");
        return (await DoAsync("show")).Replace(" IN ", " ", StringComparison.Ordinal).Replace(". ", " ", StringComparison.Ordinal).Replace('(', ' ').Replace(')', ' ');

        async Task<string> DoAsync(string verb)
        {
            var result = await server.MerpatiAsync(null, "dkim", verb, domain);
            return result.ExitCode == 0 ? result.Output : throw new InvalidOperationException($"dkim {verb} {domain}: {result}");
        }
    }
}
