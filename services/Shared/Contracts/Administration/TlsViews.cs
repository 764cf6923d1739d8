namespace Merpati.Administration;

/// <summary>What reports of others say about their TLS sessions with hosts of ours under one policy.</summary>
/// <param name="Domain">The policy domain; of DANE it may be the name of a host.</param>
/// <param name="Policy">tlsa, sts or no-policy-found.</param>
/// <param name="Failures">What failed how, and in how many sessions, the most frequent first.</param>
/// <param name="Reporters">Who told it.</param>
public sealed record TlsPolicyView(string Domain, string Policy, long Succeeded, long Failed, IReadOnlyList<string> Failures, IReadOnlyList<string> Reporters);

/// <summary>What <c>merpati tls reports</c> prints.</summary>
/// <param name="Unverified">Reports among them whose mail did not pass DMARC: anybody can have written them.</param>
/// <param name="Cut">There are more policies than are listed.</param>
public sealed record TlsReportsView(DateTimeOffset Since, int Reports, int Unverified, IReadOnlyList<TlsPolicyView> Policies, bool Cut);
