using System.Globalization;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mail.Auth;
using Merpati.Signing;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>What a domain has in DNS so that mail comes and goes, and clients find their server.</summary>
internal static class DomainRecords
{
    public static IReadOnlyList<DnsRecordView> Of(string domain, ClientSettingsOptions options, IEnumerable<DkimKey> keys)
    {
        var name = DomainName.ToAscii(domain) ?? domain;
        var records = new List<DnsRecordView>
        {
            new(name, "MX", $"10 {options.HostName}.", "mail for the domain comes here"),
            // Whoever sends for the domain besides is the owner's to know.
            new(name, "TXT", "v=spf1 mx -all", "who sends for the domain (RFC 7208); add every other address from which its mail leaves"),
        };
        // Those of retired keys too: mail that they signed is still on its way.
        records.AddRange(keys.Select(key => new DnsRecordView(DkimKeyMaker.RecordName(key.Key), "TXT", DkimKeyMaker.RecordText(key.Key), "DKIM signatures (RFC 6376)")));
        records.Add(new DnsRecordView($"_dmarc.{name}", "TXT", $"v=DMARC1; p=none; rua=mailto:postmaster@{name}", "DMARC (RFC 7489); go on to p=quarantine and p=reject once the reports are clean"));
        records.Add(new DnsRecordView($"_mta-sts.{name}", "TXT", options.Policy.Record, "the MTA-STS policy is there (RFC 8461); the id changes with it"));
        records.Add(new DnsRecordView($"mta-sts.{name}", "CNAME", $"{options.SiteHost}.", "where the policy is served"));
        records.Add(new DnsRecordView($"_smtp._tls.{name}", "TXT", $"v=TLSRPTv1; rua=mailto:postmaster@{name}", "reports on TLS (RFC 8460)"));
        Service("_imaps", options.ImapsPort, options.ImapHost, 0, "IMAP with TLS (RFC 6186)");
        Service("_pop3s", options.Pop3sPort, options.Pop3Host, 10, "POP3 with TLS (RFC 6186)");
        Service("_submissions", options.SubmissionsPort, options.SubmissionHost, 0, "sending with TLS (RFC 8314)");
        Service("_submission", options.SubmissionPort, options.SubmissionHost, 10, "sending with STARTTLS (RFC 6186)");
        Service("_autodiscover", 443, options.SiteHost, 0, "settings for Outlook");
        records.Add(new DnsRecordView($"autoconfig.{name}", "CNAME", $"{options.SiteHost}.", "settings for Thunderbird and others"));
        return records;

        // RFC 2782: what is not offered has no record; a target of '.' would say so in as many words.
        void Service(string service, int port, string host, int priority, string purpose)
        {
            if (port > 0) records.Add(new DnsRecordView($"{service}._tcp.{name}", "SRV", string.Create(CultureInfo.InvariantCulture, $"{priority} 1 {port} {host}."), purpose));
        }
    }
}
