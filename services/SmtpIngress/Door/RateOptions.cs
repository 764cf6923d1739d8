using System.ComponentModel.DataAnnotations;

namespace Merpati.SmtpIngress.Door;

/// <summary>An entry of the list <c>smtpIngress:rates</c>.</summary>
public sealed class RateOptions
{
    public RateCount Count { get; set; }

    public RateSubject Per { get; set; }

    public long Limit { get; set; }

    public TimeSpan Within { get; set; } = TimeSpan.FromHours(1);

    public RateAnswer Then { get; set; }

    internal RateRule ToRule() => new(Count, Per, Limit, Within, Then);

    internal IEnumerable<ValidationResult> Check(string name)
    {
        if (Limit is < 1 or > 1_000_000_000_000) yield return new ValidationResult("a limit is at least 1.", [name]);
        if (Within < TimeSpan.FromSeconds(1) || Within > TimeSpan.FromDays(7)) yield return new ValidationResult("the time of a limit is from 00:00:01 to 7.00:00:00.", [name]);
        if (Count == RateCount.Connections && Per != RateSubject.Network) yield return new ValidationResult("connections can be counted per network only.", [name]);
        if (Per == RateSubject.RecipientDomain && Count is (RateCount.Messages or RateCount.Octets)) yield return new ValidationResult("per recipientDomain recipients are counted, not messages or octets.", [name]);
        if (Per == RateSubject.Account && Count == RateCount.UnknownRecipients) yield return new ValidationResult("recipients that do not exist are counted of strangers only.", [name]);
    }
}
