using Merpati.Mail.Auth;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;

namespace Merpati.SmtpIngress.Checks;

/// <summary>What follows from a verdict of DMARC (RFC 7489 §6.6.4, §10.3).</summary>
internal static class DmarcDecision
{
    /// <summary>Null when the message may come in.</summary>
    /// <param name="id">Draws the messages to which a policy for a share of them (<c>pct=</c>) applies: the same one is always judged alike.</param>
    public static SmtpReply? Judge(MessageVerdict verdict, DmarcOptions options, QueueId id)
    {
        var dmarc = verdict.Dmarc;
        if (!options.Enforce || dmarc.Result != AuthResult.Fail || dmarc.Policy != DmarcPolicy.Reject) return null;
        if (dmarc.Percent < 100 && Draw(id) >= dmarc.Percent) return null;
        if (verdict.Arc is { Result: AuthResult.Pass, Sealers: [.., var newest] } && options.TrustedSealers.Contains(newest, StringComparer.OrdinalIgnoreCase) && SawPass(verdict.Arc.NewestResults)) return null;
        // RFC 7372 §3.3: several checks failed.
        return new SmtpReply(550, "5.7.26", $"Message failed DMARC, and the policy of {Addresses.DomainName.ToAscii(dmarc.Domain) ?? "its author's domain"} is to reject it");
    }

    private static bool SawPass(string? results)
        => results is not null && results.Split(';').Any(result => result.TrimStart().StartsWith("dmarc=pass", StringComparison.OrdinalIgnoreCase));

    private static int Draw(QueueId id)
    {
        Span<byte> octets = stackalloc byte[16];
        id.Value.TryWriteBytes(octets);
        return octets[15] % 100;
    }
}
