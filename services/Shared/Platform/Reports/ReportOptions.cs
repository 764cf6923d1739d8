using System.ComponentModel.DataAnnotations;
using Merpati.Addresses;
using Microsoft.Extensions.Options;

namespace Merpati.Platform.Reports;

/// <summary>Settings of the reports about mail, section <c>Reports</c>: those that are sent to other domains, and those that come in.</summary>
public sealed class ReportOptions : IValidatableObject
{
    public const string Section = "Reports";

    /// <summary>From of the DMARC reports that are sent, in a domain of ours that signs. None means that none are counted and sent.</summary>
    public string? From { get; set; }

    /// <summary>Whose reports they are: org_name. None means the domain of <see cref="From"/>.</summary>
    public string? Organization { get; set; }

    /// <summary>How to reach a person besides: extra_contact_info.</summary>
    public string? Contact { get; set; }

    /// <summary>After midnight (UTC), a random part of this is waited, so that not all the world reports at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "12:00:00")]
    public TimeSpan Spread { get; set; } = TimeSpan.FromHours(4);

    /// <summary>Policy domains that one process counts for on a day; the messages of others are in no report.</summary>
    [Range(1, 1_000_000)]
    public int MaxDomains { get; set; } = 10_000;

    /// <summary>Rows of a report; what is beyond is only a number in it.</summary>
    [Range(10, 5000)]
    public int MaxRows { get; set; } = 1000;

    /// <summary>Addresses of ours at which DMARC and TLS reports of others come in; they are read beside their delivery.</summary>
    public IList<string> Addresses { get; } = [];

    /// <summary>How long reports that came in are kept.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(60);

    /// <summary>Reports of each kind about one domain that are taken in on a day.</summary>
    [Range(1, 100_000)]
    public int MaxReceived { get; set; } = 500;

    internal EmailAddress? Sender => EmailAddress.TryParse(From, out var address) ? address : null;

    /// <summary>DMARC reports are counted and sent.</summary>
    public bool AreSent() => From is not null;

    /// <summary>An address to which reports go, or answers to them.</summary>
    public bool IsForReports(EmailAddress address) => address.Equals(Sender) || IsTakenIn(address);

    /// <summary>Reports to this address are read.</summary>
    public bool IsTakenIn(EmailAddress address) => Addresses.Any(one => EmailAddress.TryParse(one, out var parsed) && parsed.Equals(address));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (From is not null && Sender is null) yield return new ValidationResult($"'{From}' is no address; write one in a domain of ours, such as dmarc@example.org.", [nameof(From)]);
        foreach (var address in Addresses.Where(one => !EmailAddress.TryParse(one, out _))) yield return new ValidationResult($"'{address}' is no address; write one of ours, such as dmarc@example.org.", [nameof(Addresses)]);
    }
}

[OptionsValidator]
internal sealed partial class ReportOptionsValidator : IValidateOptions<ReportOptions>;
