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
}
