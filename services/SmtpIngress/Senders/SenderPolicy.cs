using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp;
using Microsoft.Extensions.Logging;
using MimeKit;

namespace Merpati.SmtpIngress.Senders;

/// <summary>As whom an authenticated user may send (RFC 6409 §6.1).</summary>
internal sealed class SenderPolicy(IDirectory directory, ILogger<SenderPolicy> logger)
{
    /// <summary>Null when the account may use the reverse-path.</summary>
    public async ValueTask<SmtpReply?> JudgeAsync(Account account, ReversePath reversePath, CancellationToken cancellationToken)
    {
        if (reversePath.Address is not { } sender) return Replies.NullSender;
        return await MaySendAsAsync(account, sender, cancellationToken).ConfigureAwait(false) switch
        {
            true => null,
            false => Replies.SenderNotYours,
            null => Replies.LocalError,
        };
    }

    /// <summary>Null when every author that the From fields name is one of the account's addresses. A message without From names nobody.</summary>
    /// <param name="from">The bodies of all From fields; a message should have one, and a reader may show any.</param>
    /// <param name="approved">The reverse-path, which was judged before.</param>
    public async ValueTask<SmtpReply?> JudgeAuthorsAsync(Account account, IReadOnlyList<ReadOnlyMemory<byte>> from, EmailAddress? approved, CancellationToken cancellationToken)
    {
        foreach (var field in from)
        {
            if (!InternetAddressList.TryParse(field.ToArray(), out var list)) return Replies.FromNotYours;
            var authors = list.Mailboxes.ToList();
            // "From: ;" and the like hide the author.
            if (authors.Count == 0) return Replies.FromNotYours;
            foreach (var author in authors)
            {
                if (!EmailAddress.TryParse(author.Address, out var address)) return Replies.FromNotYours;
                if (address.Equals(approved)) continue;
                switch (await MaySendAsAsync(account, address, cancellationToken).ConfigureAwait(false))
                {
                    case false: return Replies.FromNotYours;
                    case null: return Replies.LocalError;
                }
            }
        }
        return null;
    }

    /// <summary>Null when the directory does not answer.</summary>
    private async ValueTask<bool?> MaySendAsAsync(Account account, EmailAddress sender, CancellationToken cancellationToken)
    {
        try { return await directory.MaySendAsAsync(account.Id, sender, cancellationToken).ConfigureAwait(false); }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            logger.DirectoryFault(fault, sender.ToString());
            return null;
        }
    }
}
