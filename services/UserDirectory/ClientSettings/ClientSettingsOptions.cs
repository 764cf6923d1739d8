using System.ComponentModel.DataAnnotations;
using Merpati.Mail.Dns;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.ClientSettings;

/// <summary>Section <c>ClientSettings</c>: what mail clients and other servers are told of this one, over HTTPS (<c>site:port</c>) and by <c>merpati dns</c>. A port that is 0 is not spoken of.</summary>
public sealed class ClientSettingsOptions : IValidatableObject
{
    public const string Section = "ClientSettings";

    /// <summary>The name of the server in MX records; also of the services below where nothing else is said.</summary>
    public string HostName { get; set; } = "localhost";

    /// <summary>What people see as the name of the service; null for the name of their domain.</summary>
    [StringLength(100)]
    public string? DisplayName { get; set; }

    /// <summary>Where IMAP is.</summary>
    public string? Imap { get; set; }

    /// <summary>Where POP3 is.</summary>
    public string? Pop3 { get; set; }

    /// <summary>Where mail is submitted.</summary>
    public string? Submission { get; set; }

    /// <summary>Where this is served.</summary>
    public string? Site { get; set; }

    [Range(0, 65535)]
    public int ImapsPort { get; set; } = 993;

    [Range(0, 65535)]
    public int Pop3sPort { get; set; } = 995;

    [Range(0, 65535)]
    public int SubmissionsPort { get; set; } = 465;

    /// <summary>With STARTTLS; it is only a record of DNS, as clients are told of the port with TLS from the start (RFC 8314 §3).</summary>
    [Range(0, 65535)]
    public int SubmissionPort { get; set; } = 587;

    /// <summary>What other servers shall do where they cannot reach the MX with TLS (RFC 8461 §5); none takes a policy back.</summary>
    public MtaStsMode MtaStsMode { get; set; } = MtaStsMode.Testing;

    /// <summary>How long they may keep the policy (RFC 8461 §3.2).</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan MtaStsMaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The hosts of the policy; none for the name of the server.</summary>
    public IList<string> MtaStsMx { get; } = [];

    internal string ImapHost => Imap ?? HostName;

    internal string Pop3Host => Pop3 ?? HostName;

    internal string SubmissionHost => Submission ?? HostName;

    internal string SiteHost => Site ?? HostName;

    internal PublishedMtaStsPolicy Policy => new(MtaStsMode, MtaStsMx.Count > 0 ? MtaStsMx : [HostName], MtaStsMaxAge);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[] { (nameof(Imap), Imap), (nameof(Pop3), Pop3), (nameof(Submission), Submission), (nameof(Site), Site) })
        {
            if (value is not null && !Mail.Dns.HostName.TryNormalize(value, out _)) yield return new ValidationResult($"'{value}' is no name of a host; write it as imap.example.org.", [name]);
        }
        foreach (var host in MtaStsMx)
        {
            if (!Mail.Dns.HostName.TryNormalize(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host, out _)) yield return new ValidationResult($"'{host}' is no name of a host; write it as mx.example.org or *.example.org.", [nameof(MtaStsMx)]);
        }
    }
}

[OptionsValidator]
internal sealed partial class ClientSettingsOptionsValidator : IValidateOptions<ClientSettingsOptions>;
