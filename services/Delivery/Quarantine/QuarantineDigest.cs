using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Delivery.Routing;
using Merpati.Mail;
using Merpati.Mail.Policy;
using Merpati.Mailboxes;
using Merpati.Queueing;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Quarantine;

/// <summary>
/// Tells each account once a day which messages for it were put into quarantine since the last time; nothing where there is nothing new. One Delivery does a round; if it dies over it, another one
/// does it again within the hour, and whoever has been told is not told twice: the queue id is made of the account and the round, and a mailbox takes a queue id once.
/// </summary>
internal sealed class QuarantineDigest(
    IMailQueue queue,
    IContentStore contents,
    IDirectory directory,
    ISharedRecords records,
    OwnMail mail,
    DeliveryMetrics metrics,
    IOptions<DeliveryOptions> options,
    TimeProvider time,
    ILogger<QuarantineDigest> logger) : BackgroundService
{
    public const string Kind = "digest";

    private const string Last = "last";
    private const int Page = 200;
    private const int MaxLines = 100;
    private const int MaxHeader = 64 * 1024;

    /// <summary>Members of a list are not told, one by one, of what nobody sent to them by name.</summary>
    private const int MaxMembers = 10;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan Kept = TimeSpan.FromDays(60);

    private readonly DeliveryOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Digest) return;
        try
        {
            while (true)
            {
                try { await SendDueAsync(stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { logger.DigestFailed(exception); }
                var now = time.GetUtcNow();
                var next = Round(now) + TimeSpan.FromDays(1) - now;
                await Task.Delay(next < Interval ? next : Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
    }

    /// <summary>The round that is due, if nobody has done it.</summary>
    /// <returns>Accounts that were told.</returns>
    internal async ValueTask<int> SendDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var until = Round(now);
        var last = await records.FindAsync(Kind, Last, cancellationToken);
        var since = last is null ? until.AddDays(-1) : RecordedTime.Read(System.Text.Encoding.ASCII.GetString(last.Value.Span)) ?? until.AddDays(-1);
        if (since >= until) return 0;
        if (!await records.TryPutAsync(new SharedRecord($"{Kind}-claim", RecordedTime.Write(until), ReadOnlyMemory<byte>.Empty, now + Claim), cancellationToken)) return 0;
        var told = 0;
        foreach (var digest in await GatherAsync(since, until, cancellationToken))
        {
            await SendAsync(digest, until, cancellationToken);
            told++;
        }
        await records.PutAsync([new SharedRecord(Kind, Last, System.Text.Encoding.ASCII.GetBytes(RecordedTime.Write(until)), now + Kept)], cancellationToken);
        if (told > 0) logger.DigestsSent(told, since, until);
        return told;
    }

    /// <summary>The last moment at which a round was due.</summary>
    private DateTimeOffset Round(DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + _options.DigestAt;
        return today <= now ? today : today.AddDays(-1);
    }

    private async ValueTask<IEnumerable<Digest>> GatherAsync(DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var expander = new RecipientExpander(directory, _options.AliasDepth, MaxMembers);
        var owners = new Dictionary<EmailAddress, IReadOnlyList<Account>>();
        var digests = new Dictionary<AccountId, Digest>();
        var filter = new QueueFilter { Route = QueueRoute.Local, State = RecipientState.Held, Reply = VerdictHeader.QuarantinedPrefix, AcceptedBefore = until };
        QueueId? after = null;
        while (await queue.BrowseAsync(filter, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var entry in page.Where(entry => entry.AcceptedAt >= since))
            {
                var held = entry.Recipients.Where(recipient => recipient.State == RecipientState.Held && recipient.Detail?.StartsWith(VerdictHeader.QuarantinedPrefix, StringComparison.Ordinal) == true).ToList();
                var told = new HashSet<AccountId>();
                QuarantinedMessage? line = null;
                foreach (var recipient in held)
                {
                    foreach (var account in await OwnersAsync(recipient.Recipient.Address))
                    {
                        if (!told.Add(account.Id)) continue;
                        if (!digests.TryGetValue(account.Id, out var digest)) digests[account.Id] = digest = new Digest(account);
                        digest.Total++;
                        if (digest.Lines.Count < MaxLines) digest.Lines.Add(line ??= await DescribeAsync(entry, recipient.Detail!, cancellationToken));
                    }
                }
            }
            after = page[^1].Id;
        }
        return digests.Values;

        async ValueTask<IReadOnlyList<Account>> OwnersAsync(EmailAddress address)
        {
            if (owners.TryGetValue(address, out var known)) return known;
            return owners[address] = [.. (await expander.ExpandAsync(address, cancellationToken)).Targets.Select(target => target.Account).Where(account => account is { Enabled: true, Shared: false })];
        }
    }

    private async ValueTask<QuarantinedMessage> DescribeAsync(QueueEntry entry, string reason, CancellationToken cancellationToken)
    {
        SafeText text;
        try
        {
            var octets = new byte[(int)Math.Min(entry.Size, MaxHeader)];
            await using (var content = await contents.OpenAsync(entry.Content, 0, octets.Length, cancellationToken)) await content.ReadExactlyAsync(octets, cancellationToken);
            text = SafeText.Of(octets, isWhole: false);
        }
        catch (ContentDamagedException) { text = new SafeText("", "", "", "", [], IsCut: true); }
        return new QuarantinedMessage(entry.Id, entry.AcceptedAt, entry.Size, SafeText.Line(entry.ReversePath.ToString()), text.From, text.Subject, reason);
    }

    private async ValueTask SendAsync(Digest digest, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var to = digest.Account.Address;
        var id = QueueId.Derive($"digest\n{digest.Account.Id}\n{RecordedTime.Write(until)}", until);
        var messageId = $"{id}@{_options.HostName}";
        using var message = DigestMessage.Write(digest.Lines, digest.Total, new EmailAddress("postmaster", _options.HostName), to, messageId, time.GetUtcNow(), _options.KeepQuarantined);
        await mail.SendAsync(new OwnMessage(id, to, messageId, $"digest of {digest.Total} messages in quarantine", message), cancellationToken);
        metrics.DigestSent();
    }

    private sealed class Digest(Account account)
    {
        public Account Account { get; } = account;

        public List<QuarantinedMessage> Lines { get; } = [];

        public int Total { get; set; }
    }
}
