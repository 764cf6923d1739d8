using System.Globalization;

namespace Merpati.Mail.Auth;

/// <summary>A signature as a report tells of it; results are the words of RFC 8601 §2.7.1.</summary>
public sealed record ReportedSignature(string Domain, string Selector, string Result);

/// <summary>SPF as a report tells of it: of MAIL FROM, which for the null reverse-path is the name of the client (RFC 7208 §2.4).</summary>
public sealed record ReportedSpf(string Domain, string Result);

/// <summary>Why something else was done than the domain asks for.</summary>
/// <param name="Type"><c>local_policy</c>, <c>trusted_forwarder</c>, <c>mailing_list</c>, <c>policy_test_mode</c>, <c>other</c>, and what older reports have.</param>
public sealed record ReportedOverride(string Type, string? Comment);

/// <summary>Messages of one source that fared alike.</summary>
/// <param name="Source">The address of the client.</param>
/// <param name="Disposition">What DMARC did with them: none, quarantine, reject.</param>
/// <param name="DkimAligned">A signature of the author's domain passed.</param>
/// <param name="SpfAligned">SPF passed for the author's domain.</param>
/// <param name="EnvelopeFrom">The domain of the reverse-path; empty for the null one.</param>
public sealed record DmarcRow(
    string Source,
    long Count,
    string Disposition,
    bool DkimAligned,
    bool SpfAligned,
    IReadOnlyList<ReportedOverride> Overrides,
    string HeaderFrom,
    string EnvelopeFrom,
    IReadOnlyList<ReportedSignature> Signatures,
    ReportedSpf? Spf)
{
    public bool Passes => DkimAligned || SpfAligned;
}

/// <summary>The policy that was found.</summary>
/// <param name="Missing">For names that do not exist; null when the record does not say.</param>
public sealed record PublishedPolicy(string Domain, string Policy, string? Subdomains, string? Missing, bool StrictDkim, bool StrictSpf, bool Testing)
{
    /// <summary>How the record was found.</summary>
    public DmarcDiscovery Discovery { get; init; }

    public static PublishedPolicy Of(string domain, DmarcRecord record)
        => new(domain, record.Policy.Name(), record.Subdomains.Name(), record.Missing?.Name(), record.StrictDkim, record.StrictSpf, record.Testing) { Discovery = record.Discovery };
}

/// <summary>An aggregate report (RFC 9990, RFC 7489 §7.2): how mail that says to be of a domain fared.</summary>
/// <param name="Organization">Whose report it is.</param>
/// <param name="Contact">An address for questions.</param>
/// <param name="Begin">First second of the time that it tells of.</param>
/// <param name="End">Its last one.</param>
/// <param name="Errors">What is wrong with the record, or missing in the report.</param>
public sealed record DmarcReport(string Organization, string Contact, string? ExtraContact, string Id, DateTimeOffset Begin, DateTimeOffset End, IReadOnlyList<string> Errors, PublishedPolicy Policy, IReadOnlyList<DmarcRow> Rows)
{
    /// <summary><c>receiver!policy-domain!begin!end!unique.xml.gz</c>, the times in seconds since 1970.</summary>
    /// <param name="receiver">Our domain.</param>
    public string FileName(string receiver)
        => string.Create(CultureInfo.InvariantCulture, $"{receiver}!{Policy.Domain}!{Begin.ToUnixTimeSeconds()}!{End.ToUnixTimeSeconds()}!{Id.Split('@')[0]}.xml.gz");

    /// <summary>RFC 9990 §2.6.2, RFC 7489 §7.2.1.1.</summary>
    public string Subject(string submitter) => $"Report Domain: {Policy.Domain} Submitter: {submitter} Report-ID: <{Id}>";
}
