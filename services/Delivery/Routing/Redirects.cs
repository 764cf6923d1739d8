using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail;
using Merpati.Queueing;
using Merpati.Storage;

namespace Merpati.Delivery.Routing;

/// <summary>
/// How a message goes on to the addresses that a recipient of ours stands for: as entries that are put into the queue in the transaction that closes the recipient.
/// Their ids come from the message and the recipient, so that an attempt that is made again makes no second message.
/// </summary>
internal sealed class Redirects(IDirectory directory)
{
    /// <summary>One entry of the relay for each destination, and one local entry for what is here and not delivered yet, so that the others need not wait for it.</summary>
    /// <param name="remotes">In domains that are not ours, each with a destination.</param>
    /// <param name="later">Addresses here that are to be tried again.</param>
    /// <param name="isOnly">The recipient stands for one address and no other: then the sender's wishes for reports go with it (RFC 3461 §5.2.7.2).</param>
    public async ValueTask<IReadOnlyList<QueueEntry>> CreateAsync(
        QueueEntry entry, EnvelopeRecipient recipient, IReadOnlyList<EmailAddress> remotes, IReadOnlyList<EmailAddress> later, bool isOnly, DateTimeOffset now, DateTimeOffset laterAt, CancellationToken cancellationToken)
    {
        // Nobody here stands for it: mail of a user of ours that was held goes on as it would have gone at once.
        var isItself = IsItself(recipient, remotes);
        var relay = entry with
        {
            ReversePath = await ReversePathAsync(entry.ReversePath, recipient.Address, cancellationToken),
            // RFC 9228 §4: should it come back, it is known.
            TraceHeaders = isItself ? entry.TraceHeaders : WithDeliveredTo(entry.TraceHeaders, recipient.Address),
            Attempts = 0,
            NextAttemptAt = now,
        };
        var entries = RelayEntries.Split(relay, remotes.Select(Forward), destination => IdOf(entry, recipient, destination));
        if (later.Count == 0) return entries;
        var local = entry with { Id = IdOf(entry, recipient, "here"), Recipients = [.. later.Select(address => new QueueRecipient { Recipient = Forward(address) })], NextAttemptAt = laterAt };
        return [.. entries, local];

        EnvelopeRecipient Forward(EmailAddress address) => new(address, isOnly ? recipient.Notify : ForOneOfSeveral(recipient.Notify), recipient.OriginalRecipient ?? (isItself ? null : OriginalRecipient(recipient.Address)));
    }

    /// <summary>The recipient is one elsewhere, and stands for no other.</summary>
    public static bool IsItself(EnvelopeRecipient recipient, IReadOnlyList<EmailAddress> remotes) => remotes is [var only] && only.Equals(recipient.Address);

    /// <inheritdoc cref="IsItself(EnvelopeRecipient, IReadOnlyList{EmailAddress})"/>
    /// <param name="redirect">Of this recipient.</param>
    public static bool IsItself(EmailAddress recipient, QueueEntry redirect) => redirect.Recipients.Any(one => one.Recipient.Address.Equals(recipient));

    /// <summary>RFC 3461 §5.2.7.3 (c): all but SUCCESS goes with each of the addresses; who wanted to hear of success is told that the alias was expanded.</summary>
    private static DsnNotify ForOneOfSeveral(DsnNotify notify) => (notify & ~DsnNotify.Success) is var rest && rest == DsnNotify.Unspecified && notify != rest ? DsnNotify.Never : rest;

    /// <summary>RFC 3461 §5.2.1 (c): where there was none, it names the address that the message came to.</summary>
    private static string? OriginalRecipient(EmailAddress address) => address.NeedsSmtpUtf8 ? null : "rfc822;" + Xtext.Encode(address.ToString());

    private static QueueId IdOf(QueueEntry entry, EnvelopeRecipient recipient, string to) => QueueId.Derive($"redirect\n{entry.Id}\n{recipient.Address.ToString().ToLowerInvariant()}\n{to}", entry.AcceptedAt);

    /// <summary>A sender elsewhere did not allow us to send in its name (SPF), and has to hear of a failure all the same.</summary>
    private async ValueTask<ReversePath> ReversePathAsync(ReversePath path, EmailAddress forwarder, CancellationToken cancellationToken)
    {
        if (path.Address is not { } sender || !await directory.IsLocalDomainAsync(forwarder.Domain, cancellationToken)) return path;
        return new ReversePath(await directory.RewriteSenderAsync(sender, forwarder.Domain, cancellationToken) ?? forwarder);
    }

    private static byte[] WithDeliveredTo(ReadOnlyMemory<byte> headers, EmailAddress address)
        => [.. Encoding.UTF8.GetBytes($"Delivered-To: {Local.TracePrefix.Line(address.ToString())}\r\n"), .. headers.Span];
}
