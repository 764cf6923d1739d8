using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>One server, shared by the tests of a class or of a collection; each test makes its own accounts.</summary>
public abstract class MailServerFixture : IAsyncLifetime
{
    public IMailServer Server { get; private set; } = null!;

    public (string Address, string Password) Ann => Server.Accounts[0];

    public (string Address, string Password) Bob => Server.Accounts[1];

    public async Task InitializeAsync() => Server = await StartAsync();

    public virtual async Task DisposeAsync() => await Server.DisposeAsync();

    protected abstract Task<IMailServer> StartAsync();

    /// <summary>A new account of this test's own in the domain of the first accounts.</summary>
    public async Task<(string Address, string Password)> NewAccountAsync(string name)
    {
        var domain = Ann.Address[(Ann.Address.IndexOf('@', StringComparison.Ordinal) + 1)..];
        var account = ($"{name}@{domain}", "correct horse " + name);
        await Server.AddAccountAsync(account.Item1, account.Item2);
        return account;
    }

    /// <summary>Hands a message in on the MX port and waits for the 250.</summary>
    public async Task<string> DeliverAsync(string to, byte[] message, string from = "sender@elsewhere.test")
    {
        await using var smtp = await MailWire.ConnectAsync(Server.SmtpPort);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        await smtp.SmtpAsync($"MAIL FROM:<{from}> BODY=8BITMIME");
        var rcpt = await smtp.SmtpAsync($"RCPT TO:<{to}>");
        if (!rcpt.StartsWith("250", StringComparison.Ordinal)) return rcpt;
        await smtp.SmtpAsync("DATA");
        return await smtp.SmtpDataAsync(message);
    }

    /// <summary>Waits until all that was accepted has reached its end.</summary>
    public async Task WaitForEmptyQueueAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var status = await Server.MerpatiAsync(null, "queue", "status", "--json");
            Assert.True(status.ExitCode == 0, status.ToString());
            if (System.Text.Json.JsonDocument.Parse(status.Output).RootElement.GetProperty("ledger").GetProperty("open").GetInt64() == 0) return;
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public async Task<MailWire> ImapAsync((string Address, string Password) account)
    {
        var imap = await MailWire.ConnectAsync(Server.ImapsPort, tls: true);
        await imap.ImapLineAsync();
        var login = await imap.ImapAsync($"LOGIN \"{account.Address}\" \"{account.Password}\"");
        Assert.StartsWith("OK", login[^1]);
        return imap;
    }

    /// <summary>All messages of a mailbox, by UID.</summary>
    public async Task<IReadOnlyList<StoredMail>> MessagesAsync((string Address, string Password) account, string mailbox = "INBOX")
    {
        await using var imap = await ImapAsync(account);
        Assert.StartsWith("OK", (await imap.ImapAsync($"EXAMINE {mailbox}"))[^1]);
        return [.. (await imap.ImapAsync("UID FETCH 1:* (UID FLAGS BODY.PEEK[])")).Where(line => line.Contains("BODY[] {", StringComparison.Ordinal)).Select(StoredMail.Parse)];
    }

    /// <summary>Waits, by IDLE-less polling of STATUS on a condition, until the mailbox holds so many messages.</summary>
    public async Task WaitForMessagesAsync((string Address, string Password) account, int count, string mailbox = "INBOX")
    {
        await using var imap = await ImapAsync(account);
        await imap.ImapAsync($"SELECT {mailbox}");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var status = (await imap.ImapAsync($"SEARCH ALL")).First(line => line.StartsWith("* SEARCH", StringComparison.Ordinal));
            if (status.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length - 2 >= count) return;
            limit.Token.ThrowIfCancellationRequested();
            await imap.SendAsync("i IDLE");
            Assert.StartsWith("+", await imap.ImapLineAsync());
            var idle = imap.ImapLineAsync();
            if (await Task.WhenAny(idle, Task.Delay(500, limit.Token)) == idle) await imap.SendAsync("DONE");
            else
            {
                await imap.SendAsync("DONE");
                if ((await idle)!.StartsWith("i ", StringComparison.Ordinal)) continue;
            }
            while (await imap.ImapLineAsync() is { } line && !line.StartsWith("i ", StringComparison.Ordinal)) { }
        }
    }
}

/// <summary>Standalone with its demo accounts.</summary>
public sealed class StandaloneFixture : MailServerFixture
{
    protected override async Task<IMailServer> StartAsync() => await StandaloneProcess.StartAsync("--allow-plaintext-auth");
}
