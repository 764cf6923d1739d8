using System.Net;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using Merpati.TestKit;
using MimeKit;

namespace Merpati.Tests.EndToEnd.Peers;

/// <summary>A user of ours who writes to the world, and reads what comes back.</summary>
public sealed class Correspondent(IMailServer server, string address)
{
    public const string Password = "open sesame";

    public string Address => address;

    public async Task<Correspondent> CreateAsync()
    {
        await server.AddAccountAsync(address, Password);
        return this;
    }

    public Task SendAsync(string to, byte[] message) => SendAsync([to], message);

    /// <summary>Submits; the 250 is a promise.</summary>
    /// <param name="to">Recipients.</param>
    /// <param name="mail">Parameters of MAIL.</param>
    /// <param name="rcpt">Parameters of RCPT.</param>
    public async Task SendAsync(string[] to, byte[] message, string mail = "BODY=8BITMIME", string rcpt = "")
    {
        await using var smtp = await MailWire.ConnectAsync(server.SubmissionsPort, tls: true);
        await smtp.SmtpReplyAsync();
        await smtp.SmtpAsync("EHLO client.test");
        Assert.StartsWith("235", await smtp.SmtpAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{address}\0{Password}"))), StringComparison.Ordinal);
        await OkAsync(smtp, $"MAIL FROM:<{address}> {mail}");
        foreach (var recipient in to) await OkAsync(smtp, $"RCPT TO:<{recipient}> {rcpt}");
        Assert.StartsWith("354", await smtp.SmtpAsync("DATA"), StringComparison.Ordinal);
        var reply = await smtp.SmtpDataAsync(message);
        Assert.True(reply.StartsWith("250", StringComparison.Ordinal), reply);
    }

    /// <summary>The first message in INBOX that has all these texts, once it is there.</summary>
    public async Task<byte[]> NextAsync(params string[] texts)
    {
        byte[]? found = null;
        await Until.TrueAsync(async () =>
        {
            found = (await MessagesAsync()).FirstOrDefault(message => texts.All(text => message.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0));
            return found is not null;
        }, () => string.Join(" and ", texts));
        return found!;
    }

    /// <summary>The report that has all these texts.</summary>
    public async Task<MimeMessage> ReportAsync(params string[] texts)
    {
        using var octets = new MemoryStream(await NextAsync(["report-type=delivery-status", .. texts]));
        return await MimeMessage.LoadAsync(octets);
    }

    /// <summary>How many messages in INBOX have the text now.</summary>
    public async Task<int> CountAsync(string text) => (await MessagesAsync()).Count(message => message.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    private async Task<IReadOnlyList<byte[]>> MessagesAsync()
    {
        using var imap = new ImapClient { ServerCertificateValidationCallback = (_, _, _, _) => true };
        await imap.ConnectAsync(IPAddress.Loopback.ToString(), server.ImapsPort, SecureSocketOptions.SslOnConnect);
        await imap.AuthenticateAsync(address, Password);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var messages = new List<byte[]>();
        for (var i = 0; i < imap.Inbox.Count; i++)
        {
            await using var stream = await imap.Inbox.GetStreamAsync(i);
            using var octets = new MemoryStream();
            await stream.CopyToAsync(octets);
            messages.Add(octets.ToArray());
        }
        await imap.DisconnectAsync(quit: true);
        return messages;
    }

    // A line is UTF-8 on the wire (RFC 6531), and MailWire sends octets.
    private static async Task OkAsync(MailWire smtp, string command)
    {
        await smtp.SendAsync(Encoding.UTF8.GetBytes(command.TrimEnd() + "\r\n"));
        var reply = await smtp.SmtpReplyAsync();
        Assert.True(reply.StartsWith("250", StringComparison.Ordinal), $"{command}: {reply}");
    }
}

internal static class Until
{
    /// <summary>Waits two minutes at the most.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            if (patience.IsCancellationRequested) throw new TimeoutException($"Not within two minutes: {what()}");
            await Task.Delay(100, CancellationToken.None);
        }
    }
}
