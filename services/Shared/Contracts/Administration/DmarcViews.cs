namespace Merpati.Administration;

/// <summary>What reports of others say about the mail of one source that says to be of a domain of ours.</summary>
/// <param name="Passed">Messages that were aligned by DKIM or SPF.</param>
/// <param name="Refused">Messages that were rejected or put aside for DMARC.</param>
/// <param name="Results">The results of DKIM and SPF that were told, with the domains, the most frequent first.</param>
/// <param name="Reporters">Who told it.</param>
public sealed record DmarcSourceView(string Domain, string Source, long Passed, long Failed, long Refused, IReadOnlyList<string> Results, IReadOnlyList<string> Reporters);

/// <summary>What <c>merpati dmarc reports</c> prints.</summary>
/// <param name="Unverified">Reports among them whose mail did not pass DMARC: anybody can have written them.</param>
/// <param name="Cut">There are more sources than are listed.</param>
public sealed record DmarcReportsView(DateTimeOffset Since, int Reports, int Unverified, IReadOnlyList<DmarcSourceView> Sources, bool Cut);
