using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>What holds for the connection to one host of a destination.</summary>
public abstract record TlsDecision
{
    private TlsDecision(TlsPolicySource source, ReportedPolicy report) => (Source, Report) = (source, report);

    /// <summary>Who asked for it.</summary>
    public TlsPolicySource Source { get; init; }

    /// <summary>What the outcome, or the failure, counts for (RFC 8460).</summary>
    public ReportedPolicy Report { get; init; }

    /// <summary>Connect, with this policy.</summary>
    /// <param name="RequireTls">The host has to offer REQUIRETLS after TLS, else the mail does not go there: 550 5.7.30 (RFC 8689 §4.2.1).</param>
    /// <param name="Tested">What would have to be if the MTA-STS policy was more than a test: to be checked and reported, not to be enforced (RFC 8461 §5). Null where nothing is tested.</param>
    /// <param name="KnownFailures">Failures that are known already: with them the session counts as one that failed, whatever becomes of it (RFC 8460 §4.3.2).</param>
    public sealed record Connect(TlsPolicy Policy, TlsPolicySource Source, bool RequireTls, TlsPolicy? Tested, ReportedPolicy Report, IReadOnlyList<PolicyFailure> KnownFailures) : TlsDecision(Source, Report);

    /// <summary>Leave the host alone; if no other is left, the mail waits or bounces.</summary>
    /// <param name="Permanent">Time does not help.</param>
    /// <param name="Status">Enhanced status code (RFC 3463, RFC 8689).</param>
    /// <param name="Failure">Null where nobody wants to know.</param>
    public sealed record Skip(bool Permanent, string Status, string Reason, TlsPolicySource Source, ReportedPolicy Report, PolicyFailure? Failure) : TlsDecision(Source, Report);
}

/// <summary>A failure for the report to the domain.</summary>
/// <param name="Detail">In words, for its failure-reason-code.</param>
public sealed record PolicyFailure(TlsFailure Type, string Detail);

/// <summary>The kind of policy in a report (RFC 8460 §4.2).</summary>
public enum ReportedPolicyType
{
    NoPolicyFound = 0,
    Tlsa = 1,
    Sts = 2,
}

/// <summary>A policy as reports name it (RFC 8460 §4.2).</summary>
/// <param name="Domain">Of the recipients; of TLSA the base domain.</param>
/// <param name="Text">The lines of the MTA-STS policy, or the TLSA records.</param>
/// <param name="Mx">The hosts of the MTA-STS policy.</param>
public sealed record ReportedPolicy(ReportedPolicyType Type, string Domain, IReadOnlyList<string> Text, IReadOnlyList<string> Mx)
{
    public static ReportedPolicy Nothing(string domain) => new(ReportedPolicyType.NoPolicyFound, domain, [], []);

    public bool Equals(ReportedPolicy? other)
        => other is not null && Type == other.Type && Domain == other.Domain && Text.SequenceEqual(other.Text) && Mx.SequenceEqual(other.Mx);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Type);
        hash.Add(Domain);
        foreach (var line in Text) hash.Add(line);
        return hash.ToHashCode();
    }
}
