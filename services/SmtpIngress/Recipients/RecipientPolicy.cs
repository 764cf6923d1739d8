using System.Buffers;
using System.Diagnostics;
using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Protocols.Smtp;
using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress.Recipients;

/// <summary>Whose mail we take: that of recipients whom the directory knows. Everything else would be relaying.</summary>
internal sealed class RecipientPolicy(IDirectory directory, ILogger<RecipientPolicy> logger)
{
    // Local parts that name another route (RFC 5321 §3.6.1, "percent hack", bang paths): a catch-all must not swallow what was meant to be relayed.
    private static readonly SearchValues<char> RouteMarks = SearchValues.Create("@%!");

    public async ValueTask<RcptVerdict> JudgeAsync(SmtpRole role, EnvelopeRecipient recipient, CancellationToken cancellationToken)
    {
        var address = recipient.Address;
        try
        {
            var resolution = await directory.ResolveAsync(address, cancellationToken).ConfigureAwait(false);
            var verdict = Judge(role, recipient, resolution);
            if (verdict is RcptVerdict.Refused { Reply: var reply }) logger.RecipientRefused(address.ToString(), reply);
            return verdict;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            logger.DirectoryFault(fault, address.ToString());
            return new RcptVerdict.Refused(Replies.LocalError);
        }
    }

    private static RcptVerdict Judge(SmtpRole role, EnvelopeRecipient recipient, Resolution resolution)
    {
        var isRoute = recipient.Address.LocalPart.AsSpan().ContainsAny(RouteMarks);
        return resolution switch
        {
            Resolution.LocalAccount { Account.Address: var exact } when !isRoute || exact.Equals(recipient.Address) => new RcptVerdict.Accepted(recipient),
            Resolution.LocalAccount or Resolution.Alias or Resolution.UnknownUser when isRoute => new RcptVerdict.Refused(Replies.RelayDenied),
            Resolution.Alias => new RcptVerdict.Accepted(recipient),
            Resolution.UnknownUser => new RcptVerdict.Refused(Replies.UnknownUser),
            Resolution.Disabled => new RcptVerdict.Refused(Replies.DisabledUser),
            Resolution.Remote => new RcptVerdict.Refused(role == SmtpRole.Submission ? Replies.NoRelayYet : Replies.RelayDenied),
            _ => throw new UnreachableException(),
        };
    }
}
