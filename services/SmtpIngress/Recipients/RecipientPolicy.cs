using System.Buffers;
using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp;
using Merpati.Storage;
using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress.Recipients;

/// <summary>Whose mail we take: from anybody that for recipients whom the directory knows, from our users that for the world as well. Everything else would make us an open relay.</summary>
internal sealed class RecipientPolicy(IDirectory directory, ILogger<RecipientPolicy> logger)
{
    // Local parts that name another route (RFC 5321 §3.6.1, "percent hack", bang paths): a catch-all must not swallow what was meant to be relayed.
    private static readonly SearchValues<char> RouteMarks = SearchValues.Create("@%!");

    public async ValueTask<RcptVerdict> JudgeAsync(SmtpRole role, SmtpPeer peer, ReversePath reversePath, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var address = recipient.Address;
        try
        {
            var resolution = await directory.ResolveAsync(address, cancellationToken).ConfigureAwait(false);
            var verdict = Judge(role == SmtpRole.Submission && peer.Account is not null, reversePath, recipient, resolution);
            if (verdict is RcptVerdict.Refused { Reply: var reply }) logger.RecipientRefused(address.ToString(), reply);
            return verdict;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            logger.DirectoryFault(fault, address.ToString());
            return new RcptVerdict.Refused(Replies.LocalError);
        }
    }

    private static RcptVerdict Judge(bool mayRelay, ReversePath reversePath, EnvelopeRecipient recipient, Resolution resolution)
    {
        var isRoute = recipient.Address.LocalPart.AsSpan().ContainsAny(RouteMarks);
        return resolution switch
        {
            Resolution.LocalAccount { Account.Address: var exact } when !isRoute || exact.Equals(recipient.Address) => new RcptVerdict.Accepted(recipient),
            Resolution.LocalAccount or Resolution.Alias or Resolution.UnknownUser when isRoute => new RcptVerdict.Refused(Replies.RelayDenied),
            Resolution.Alias when !reversePath.IsNull && SenderRewriting.IsRewritten(recipient.Address) => new RcptVerdict.Refused(Replies.ReportsOnly),
            Resolution.Alias => new RcptVerdict.Accepted(recipient),
            Resolution.UnknownUser => new RcptVerdict.Refused(Replies.UnknownUser),
            Resolution.Disabled => new RcptVerdict.Refused(Replies.DisabledUser),
            Resolution.Remote when !mayRelay => new RcptVerdict.Refused(Replies.RelayDenied),
            Resolution.Remote when !IsQualified(recipient.Address) => new RcptVerdict.Refused(Replies.BadDestination),
            Resolution.Remote => new RcptVerdict.Accepted(recipient),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>A name of several labels that DNS can have, or an address literal (RFC 5321 §2.3.5).</summary>
    private static bool IsQualified(EmailAddress address) => RelayEntries.DestinationOf(address) is { } destination && (destination[0] == '[' || destination.Contains('.', StringComparison.Ordinal));
}
