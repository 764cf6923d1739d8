using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Search;
using MailKit.Security;
using MimeKit;

namespace Merpati.Cli.Probing;

/// <summary>
/// One message through the real ports, as a person would send and read it: submitted, awaited in INBOX, read, compared, removed. It is marked with <see cref="Mark"/>, so that it can be told from mail of people;
/// what a round that failed left behind is removed by a later one.
/// </summary>
internal sealed class ProbeRound(ProbeSettings settings, TimeProvider time, Action<ProbeStep, TimeSpan> measured)
{
    /// <summary>The header field that says what the message is.</summary>
    public const string Mark = "X-Merpati-Probe";

    private const int StartTlsPort = 587;

    /// <summary>IDLE is given up and INBOX looked at, in case a notification was lost.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Leftover = TimeSpan.FromHours(1);

    private long _since;

    /// <summary>Why the last certificate was not believed.</summary>
    private string? _certificate;

    /// <returns>The time from the beginning of the submission until the message could be seen.</returns>
    /// <exception cref="ProbeFailedException">A step failed, or the round took too long.</exception>
    public async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.Timeout);
        var step = ProbeStep.Login;
        try
        {
            Begin();
            using var imap = new ImapClient { ServerCertificateValidationCallback = settings.Judge(settings.Imap, reason => _certificate = reason), CheckCertificateRevocation = false };
            await imap.ConnectAsync(settings.Imap.Host, settings.Imap.Port, settings.Imap.Port == 143 ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect, limit.Token);
            await imap.AuthenticateAsync(settings.Account, settings.Password, limit.Token);
            await imap.Inbox.OpenAsync(FolderAccess.ReadWrite, limit.Token);
            End(step);

            var sent = Begin();
            step = ProbeStep.Submit;
            var message = Compose();
            await SubmitAsync(message, limit.Token);
            End(step);

            Begin();
            step = ProbeStep.Visible;
            var uid = await AwaitAsync(imap, message.MessageId!, limit.Token);
            End(step);
            var visible = time.GetElapsedTime(sent);

            Begin();
            step = ProbeStep.Fetch;
            Compare(message, await imap.Inbox.GetMessageAsync(uid, limit.Token));
            End(step);

            if (settings.Pop3 is { } pop3)
            {
                Begin();
                step = ProbeStep.Pop3;
                await ReadOverPop3Async(pop3, message, limit.Token);
                End(step);
            }

            Begin();
            step = ProbeStep.Clean;
            await CleanAsync(imap, uid, limit.Token);
            await imap.DisconnectAsync(quit: true, limit.Token);
            End(step);
            return visible;
        }
        // A client whose command was cut off may say that it is busy or closed instead.
        catch (Exception) when (cancellationToken.IsCancellationRequested) { throw new OperationCanceledException(cancellationToken); }
        catch (Exception late) when (limit.IsCancellationRequested && late is not ProbeFailedException) { throw new ProbeFailedException(step, $"it was not done after {settings.Timeout.TotalSeconds:0} s"); }
        catch (Exception fault) when (fault is not OperationCanceledException and not ProbeFailedException) { throw new ProbeFailedException(step, Tell(fault), fault); }
    }

    /// <summary>MailKit explains a failure of TLS at length, and says nothing of what it was.</summary>
    private string Tell(Exception fault)
        => fault is not SslHandshakeException ? fault.Message.ReplaceLineEndings(" ") : _certificate ?? $"there is no TLS from the start: {fault.InnerException?.Message.ReplaceLineEndings(" ")}";

    private long Begin() => _since = time.GetTimestamp();

    private void End(ProbeStep step) => measured(step, time.GetElapsedTime(_since));

    private MimeMessage Compose()
    {
        var id = Guid.NewGuid().ToString("N");
        var domain = settings.Account[(settings.Account.LastIndexOf('@') + 1)..];
        var message = new MimeMessage
        {
            MessageId = $"probe.{id}@{domain}",
            Subject = $"Merpati probe {id}",
            Date = time.GetUtcNow(),
            Body = new TextPart("plain") { Text = $"This message was made by merpati probe to see whether mail goes through. It removes it again.\r\n{id}\r\n" },
        };
        message.From.Add(MailboxAddress.Parse(settings.Account));
        message.To.Add(MailboxAddress.Parse(settings.To));
        message.Headers.Add(Mark, id);
        // Nobody answers it by machine (RFC 3834 §5).
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return message;
    }

    private async Task SubmitAsync(MimeMessage message, CancellationToken cancellationToken)
    {
        using var smtp = new SmtpClient { ServerCertificateValidationCallback = settings.Judge(settings.Submission, reason => _certificate = reason), CheckCertificateRevocation = false };
        await smtp.ConnectAsync(settings.Submission.Host, settings.Submission.Port, settings.Submission.Port == StartTlsPort ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect, cancellationToken);
        await smtp.AuthenticateAsync(settings.Account, settings.Password, cancellationToken);
        await smtp.SendAsync(message, cancellationToken);
        await smtp.DisconnectAsync(quit: true, cancellationToken);
    }

    private async Task<UniqueId> AwaitAsync(ImapClient imap, string messageId, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before the search: what comes in between ends the IDLE at once.
            using var news = new CancellationTokenSource();
            void Wake(object? sender, EventArgs e) => news.Cancel();
            imap.Inbox.CountChanged += Wake;
            try
            {
                var found = await imap.Inbox.SearchAsync(SearchQuery.HeaderContains("Message-ID", messageId), cancellationToken);
                if (found.Count > 0) return found[0];
                news.CancelAfter(LookAgain);
                if (imap.Capabilities.HasFlag(ImapCapabilities.Idle)) await imap.IdleAsync(news.Token, cancellationToken);
                else
                {
                    await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
                    await imap.NoOpAsync(cancellationToken);
                }
            }
            finally { imap.Inbox.CountChanged -= Wake; }
        }
    }

    private static void Compare(MimeMessage sent, MimeMessage read)
    {
        if (read.Headers[Mark] != sent.Headers[Mark] || read.Subject != sent.Subject || read.TextBody?.TrimEnd() != sent.TextBody?.TrimEnd()) throw new ProbeFailedException(ProbeStep.Fetch, "what was read is not what was sent");
    }

    private async Task ReadOverPop3Async(ProbedPort port, MimeMessage sent, CancellationToken cancellationToken)
    {
        using var pop3 = new Pop3Client { ServerCertificateValidationCallback = settings.Judge(port, reason => _certificate = reason), CheckCertificateRevocation = false };
        await pop3.ConnectAsync(port.Host, port.Port, port.Port == 110 ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect, cancellationToken);
        await pop3.AuthenticateAsync(settings.Account, settings.Password, cancellationToken);
        // The newest is the last.
        for (var i = pop3.Count - 1; i >= 0; i--)
        {
            var headers = await pop3.GetMessageHeadersAsync(i, cancellationToken);
            if (headers[Mark] != sent.Headers[Mark]) continue;
            Compare(sent, await pop3.GetMessageAsync(i, cancellationToken));
            await pop3.DisconnectAsync(quit: true, cancellationToken);
            return;
        }
        throw new ProbeFailedException(ProbeStep.Pop3, "POP3 does not have the message that IMAP has");
    }

    private async Task CleanAsync(ImapClient imap, UniqueId uid, CancellationToken cancellationToken)
    {
        var old = await imap.Inbox.SearchAsync(SearchQuery.HeaderContains(Mark, "").And(SearchQuery.DeliveredBefore((time.GetUtcNow() - Leftover).UtcDateTime.Date.AddDays(1))), cancellationToken);
        var mine = new List<UniqueId> { uid };
        if (old.Count > 0)
        {
            // SEARCH knows days; the hour is looked at here.
            foreach (var summary in await imap.Inbox.FetchAsync(old, MessageSummaryItems.UniqueId | MessageSummaryItems.InternalDate, cancellationToken))
            {
                if (summary.InternalDate < time.GetUtcNow() - Leftover && summary.UniqueId != uid) mine.Add(summary.UniqueId);
            }
        }
        await imap.Inbox.AddFlagsAsync(mine, MessageFlags.Deleted | MessageFlags.Seen, silent: true, cancellationToken);
        await imap.Inbox.ExpungeAsync(mine, cancellationToken);
    }
}
