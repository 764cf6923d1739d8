using System.Globalization;
using System.Net;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Platform.Listeners;
using Merpati.Protocols.Smtp;

namespace Merpati.SmtpIngress.Door;

/// <summary>What is counted.</summary>
public enum RateCount
{
    Connections,
    Messages,
    Recipients,

    /// <summary>Recipients that do not exist.</summary>
    UnknownRecipients,

    /// <summary>Octets of accepted messages: who used them up waits with his next message.</summary>
    Octets,
}

/// <summary>Of whom it is counted.</summary>
public enum RateSubject
{
    /// <summary>An IPv4 address, or the /64 of an IPv6 address (<see cref="ClientNetwork"/>).</summary>
    Network,

    /// <summary>The reverse-path; the null one is one sender.</summary>
    Sender,

    /// <summary>The domain of the reverse-path; the null one has none.</summary>
    SenderDomain,

    RecipientDomain,

    /// <summary>The account that submits.</summary>
    Account,
}

/// <summary>What is done when it is too much.</summary>
public enum RateAnswer
{
    /// <summary>A temporary refusal.</summary>
    Refuse,

    /// <summary>A warning in the log and a metric, nothing else.</summary>
    Alarm,
}

/// <summary>How much of something somebody may do in a time.</summary>
internal sealed record RateRule(RateCount Count, RateSubject Per, long Limit, TimeSpan Within, RateAnswer Then)
{
    private static readonly string[] Counts = ["connections", "messages", "recipients", "unknown-recipients", "octets"];
    private static readonly string[] CountWords = ["connections", "messages", "recipients", "recipients that do not exist", "octets"];
    private static readonly string[] Subjects = ["network", "sender", "sender-domain", "recipient-domain", "account"];
    private static readonly string[] SubjectWords = [" from your network", " of this sender", " of the sender's domain", " for this domain", " from your account"];

    /// <summary>As it stands in replies, logs and metrics: never change it.</summary>
    public string Reason { get; } = Name(Count, Per);

    /// <summary>Rules with the same name and another measure have buckets of their own.</summary>
    public string Buckets { get; } = string.Create(CultureInfo.InvariantCulture, $"{Count}/{Per} {Limit}/{Within.TotalSeconds}s");

    /// <summary>What a stranger who asks too much is told; 421 closes.</summary>
    public SmtpReply Refusal { get; } = new(
        Count is RateCount.Connections or RateCount.UnknownRecipients ? 421 : 450,
        Count == RateCount.Connections ? "4.7.0" : "4.7.1",
        $"Too many {CountWords[(int)Count]}{(Count == RateCount.UnknownRecipients && Per == RateSubject.Network ? "" : SubjectWords[(int)Per])}, try again later [{Name(Count, Per)}]");

    /// <summary>Connections are counted on all ports, what a user of ours does where he submits, all else on port 25.</summary>
    public bool HoldsFor(SmtpRole role) => Count == RateCount.Connections || (Per == RateSubject.Account) == (role == SmtpRole.Submission);

    /// <summary>Whose bucket it is; null when there is nobody of this kind.</summary>
    public string? Whose(IPAddress client, SmtpPeer? peer, ReversePath? reversePath, EmailAddress? recipient) => Per switch
    {
        RateSubject.Network => ClientNetwork.Of(client).ToString(),
        RateSubject.Sender => reversePath is { } sender ? sender.Address?.ToString().ToLowerInvariant() ?? "<>" : null,
        RateSubject.SenderDomain => reversePath?.Address?.Domain.ToLowerInvariant(),
        RateSubject.RecipientDomain => recipient?.Domain.ToLowerInvariant(),
        _ => peer?.Account?.Id.ToString(),
    };

    private static string Name(RateCount count, RateSubject per) => $"rate-{Counts[(int)count]}{(per == RateSubject.Network ? "" : $"-{Subjects[(int)per]}")}";
}
