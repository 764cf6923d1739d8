using System.ComponentModel.DataAnnotations;

namespace Merpati.OutboundRelay.TlsReports;

/// <summary>Settings of TLS reports (RFC 8460), section <c>TlsReports</c>.</summary>
public sealed class TlsReportOptions
{
    public const string Section = "TlsReports";

    /// <summary>Reports are sent to domains that want them.</summary>
    public bool Send { get; set; } = true;

    /// <summary>Whose reports they are: organization-name. None means our host name.</summary>
    public string? Organization { get; set; }

    /// <summary>An address of ours for questions, and the sender of the mails. None means <c>postmaster@</c> and our host name.</summary>
    [EmailAddress]
    public string? Contact { get; set; }

    /// <summary>After midnight (UTC), a random part of this is waited, so that not all the world reports at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "12:00:00")]
    public TimeSpan Spread { get; set; } = TimeSpan.FromHours(4);

    /// <summary>For a POST from beginning to end.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PostTimeout { get; set; } = TimeSpan.FromMinutes(1);
}
