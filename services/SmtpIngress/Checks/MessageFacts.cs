using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;
using Merpati.Mail.Policy;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;
using Merpati.SmtpIngress.Scanners;

namespace Merpati.SmtpIngress.Checks;

/// <summary>What the checks found, as the facts that a policy judges by.</summary>
internal static class MessageFacts
{
    /// <param name="id">Draws the messages to which a policy for a share of them (<c>pct=</c>) applies: the same one is always judged alike.</param>
    /// <param name="verdict">Null when nobody looked at who sends it.</param>
    /// <param name="scan">Null when no scanner looked at it.</param>
    public static MailFacts Of(QueueId id, SmtpRole role, SmtpPeer peer, Envelope envelope, long size, MessageVerdict? verdict, ScanResult? scan, DmarcOptions dmarc)
    {
        var facts = MailFacts.None
            .With(MailFact.ClientAddress, AddressScope.Unmapped(peer.RemoteEndPoint.Address))
            .With(MailFact.Hello, peer.Hello)
            .With(MailFact.Tls, peer.Tls is not null)
            .With(MailFact.Submission, role == SmtpRole.Submission)
            .With(MailFact.Sender, envelope.ReversePath.Address is { } sender ? $"{sender.LocalPart}@{sender.Domain}" : "")
            .With(MailFact.SenderDomain, envelope.ReversePath.Address?.Domain)
            .With(MailFact.Recipients, envelope.Recipients.Select(recipient => recipient.Address.ToString()))
            .With(MailFact.RecipientCount, envelope.Recipients.Count)
            .With(MailFact.Size, size);
        if (verdict is not null) facts = Add(facts, id, verdict, dmarc);
        return scan?.AddTo(facts) ?? facts;
    }

    private static MailFacts Add(MailFacts facts, QueueId id, MessageVerdict verdict, DmarcOptions dmarc)
    {
        var passed = verdict.Dkim.Where(signature => signature.Result == AuthResult.Pass).Select(signature => signature.Domain).Distinct(StringComparer.OrdinalIgnoreCase);
        var dkim = verdict.Dkim.Any(signature => signature.Result == AuthResult.Pass) ? AuthResult.Pass : verdict.Dkim.Count > 0 ? verdict.Dkim[0].Result : AuthResult.None;
        return facts
            .With(MailFact.ClientName, verdict.Iprev.Name)
            .With(MailFact.AuthorDomain, verdict.Dmarc.Domain)
            .With(MailFact.Spf, verdict.Spf.Result.Name())
            .With(MailFact.HelloSpf, verdict.HelloSpf.Result.Name())
            .With(MailFact.Dkim, dkim.Name())
            .With(MailFact.DkimDomains, passed)
            .With(MailFact.Dmarc, verdict.Dmarc.Result.Name())
            .With(MailFact.DmarcPolicy, verdict.Dmarc.Policy.Name())
            .With(MailFact.DmarcApplies, verdict.Dmarc.Percent >= 100 || Draw(id) < verdict.Dmarc.Percent)
            .With(MailFact.DmarcEnforced, dmarc.Enforce)
            .With(MailFact.Arc, verdict.Arc.Result.Name())
            .With(MailFact.ArcVouched, IsVouchedFor(verdict.Arc, dmarc))
            .With(MailFact.BlockLists, ZonesOf(verdict.Lists, allow: false))
            .With(MailFact.AllowLists, ZonesOf(verdict.Lists, allow: true))
            .With(MailFact.ListScore, verdict.Lists.Score)
            .With(MailFact.Iprev, verdict.Iprev.Result.Name());
    }

    /// <summary>RFC 8617 §7.2.1.</summary>
    private static bool IsVouchedFor(ArcResult arc, DmarcOptions dmarc)
        => arc is { Result: AuthResult.Pass, Sealers: [.., var newest] } && dmarc.TrustedSealers.Contains(newest, StringComparer.OrdinalIgnoreCase) && SawPass(arc.NewestResults);

    private static IEnumerable<string> ZonesOf(DnsListsResult lists, bool allow) => lists.Listings.Where(listing => listing.List.IsAllowList == allow).Select(listing => listing.List.Zone).Distinct();

    private static bool SawPass(string? results)
        => results is not null && results.Split(';').Any(result => result.TrimStart().StartsWith("dmarc=pass", StringComparison.OrdinalIgnoreCase));

    private static int Draw(QueueId id)
    {
        Span<byte> octets = stackalloc byte[16];
        id.Value.TryWriteBytes(octets);
        return octets[15] % 100;
    }
}
