namespace Merpati.Administration;

/// <summary>What <c>merpati check spf</c> prints. Results are the words of RFC 8601 §2.7.</summary>
/// <param name="Mechanism">The term that matched, as written.</param>
/// <param name="Explanation">The domain's words for a fail.</param>
public sealed record SpfCheckView(string Method, string Result, string Domain, string Identity, string? Mechanism, string? Explanation, string? Reason);

/// <summary>One DKIM signature.</summary>
public sealed record DkimSignatureView(string Result, string Domain, string Selector, string Identity, string Algorithm, int? KeyBits, bool Testing, string? Reason);

/// <summary>What <c>merpati check dkim</c> prints: pass when one signature passes, else the result of the first.</summary>
public sealed record DkimCheckView(string Method, string Result, IReadOnlyList<DkimSignatureView> Signatures);

/// <summary>What <c>merpati check arc</c> prints.</summary>
/// <param name="Sealers">From the first to the newest, of a chain that passed.</param>
public sealed record ArcCheckView(string Method, string Result, int Instances, IReadOnlyList<string> Sealers, string? Reason);

/// <summary>What <c>merpati check dmarc</c> prints.</summary>
/// <param name="Domain">Of the author in From.</param>
/// <param name="Policy">What the domain asks for with mail that fails: none, quarantine, reject.</param>
/// <param name="AlignedBy">What passed for the author's domain: dkim, spf.</param>
/// <param name="Spf">Null when no client was named.</param>
public sealed record DmarcCheckView(string Method, string Result, string Domain, string OrganizationalDomain, string Policy, int Percent, IReadOnlyList<string> AlignedBy, SpfCheckView? Spf, DkimCheckView Dkim, string? Reason);

/// <summary>A round of <c>merpati probe</c>.</summary>
/// <param name="VisibleAfter">Seconds from the submission until a client saw the message; null when it failed.</param>
/// <param name="Steps">Seconds of each step that came to its end.</param>
/// <param name="Failed">The step that failed.</param>
public sealed record ProbeView(DateTimeOffset At, double? VisibleAfter, IReadOnlyDictionary<string, double> Steps, string? Failed, string? Reason);
