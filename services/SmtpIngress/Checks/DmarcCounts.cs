using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Auth;
using Merpati.Mail.Policy;
using Merpati.Platform.Reports;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Checks;

/// <summary>Counts how messages fared by DMARC, for the reports to the domains that want them (RFC 7489 §7.2).</summary>
internal sealed class DmarcCounts(SharedDmarcDays days, IngressMetrics metrics, IOptions<ReportOptions> options)
{
    // RFC 9990 §2.2 wants no more than 100 in a row; a few are enough to find the sender by.
    private const int MaxSignatures = 10;

    private readonly ReportOptions _options = options.Value;

    /// <summary>Counts a message whose fate is decided. One that is refused for now comes again, and is counted then.</summary>
    public void Count(MessageVerdict? verdict, DecisionCapsule? decision, IReadOnlyList<EnvelopeRecipient> recipients)
    {
        if (!_options.AreSent() || decision is null or { Verdict.Action: PolicyAction.Defer }) return;
        if (verdict?.Dmarc is not { Record: { Reports.Count: > 0 } record, PolicyDomain: { } domain }) return;
        // Reports about mails that are reports would go to and fro for ever.
        if (recipients.All(recipient => _options.IsForReports(recipient.Address))) return;
        metrics.CountDmarcRow(days.Count(domain, record, Row(verdict, record, decision)));
    }

    internal static DmarcRow Row(MessageVerdict verdict, DmarcRecord record, DecisionCapsule decision)
    {
        var dmarc = verdict.Dmarc;
        var disposition = Disposition(dmarc, decision.Verdict.Action);
        var spf = verdict.Spf;
        return new DmarcRow(
            verdict.Client.ToString(),
            1,
            disposition.Name(),
            dmarc.AlignedBy.Contains("dkim"),
            dmarc.AlignedBy.Contains("spf"),
            Overrides(dmarc, record, disposition, decision.Facts),
            Name(dmarc.Domain),
            Name(verdict.Sender[(verdict.Sender.LastIndexOf('@') + 1)..]),
            [.. verdict.Dkim.Where(one => one.Domain.Length > 0).OrderBy(one => Rank(one, dmarc.Domain)).Take(MaxSignatures).Select(one => new ReportedSignature(Name(one.Domain), Name(one.Selector), one.Result.Name()))],
            new ReportedSpf(Name(spf.Domain), spf.Result.Name()));
    }

    /// <summary>What was done, but never more than the domain asks for: what else refuses mail here is nobody's business (RFC 9990 §7.3).</summary>
    private static DmarcPolicy Disposition(DmarcResult dmarc, PolicyAction action)
    {
        if (dmarc.Result != AuthResult.Fail) return DmarcPolicy.None;
        var done = action switch
        {
            PolicyAction.Reject => DmarcPolicy.Reject,
            PolicyAction.Junk or PolicyAction.Quarantine => DmarcPolicy.Quarantine,
            _ => DmarcPolicy.None,
        };
        return done < dmarc.Policy ? done : dmarc.Policy;
    }

    private static IReadOnlyList<ReportedOverride> Overrides(DmarcResult dmarc, DmarcRecord record, DmarcPolicy disposition, MailFacts facts)
    {
        if (dmarc.Result == AuthResult.TempError) return [new ReportedOverride("other", "no answer from DNS")];
        if (dmarc.Result != AuthResult.Fail) return [];
        if (disposition < dmarc.Policy)
        {
            if (facts.Flag(MailFact.ArcVouched) == true) return [new ReportedOverride("trusted_forwarder", "arc=pass")];
            return [facts.Flag(MailFact.DmarcApplies) == false ? new ReportedOverride("other", "not in the sample of pct") : new ReportedOverride("local_policy", null)];
        }
        var published = dmarc.PolicyDomain == dmarc.Domain ? record.Policy : record.Subdomains;
        return record.Testing && published != DmarcPolicy.None ? [new ReportedOverride("policy_test_mode", null)] : [];
    }

    /// <summary>RFC 9990 §2.2: those that pass and are aligned first, then those that pass, then the others.</summary>
    private static int Rank(DkimResult signature, string author)
    {
        if (signature.Result != AuthResult.Pass) return 3;
        var domain = DomainName.Normalize(signature.Domain);
        return domain == author ? 0 : PublicSuffixes.AreOfOneOrganization(domain, author) ? 1 : 2;
    }

    /// <summary>A name of DNS has no more than 253 octets; what is longer is none.</summary>
    private static string Name(string name) => DomainName.ToAscii(name) is { Length: <= 253 } ascii ? ascii : "";
}
