using System.ComponentModel.DataAnnotations;
using Merpati.Mail.Policy;

namespace Merpati.SmtpIngress.Scanners;

public enum ScannerKind
{
    /// <summary>Rspamd over HTTP.</summary>
    Rspamd,

    /// <summary>ClamAV's clamd over its stream protocol.</summary>
    Clamd,

    /// <summary>A filter that speaks Sendmail's milter protocol.</summary>
    Milter,

    /// <summary>One's own scanner over HTTP.</summary>
    Http,
}

/// <summary>What becomes of a message that a scanner did not look at.</summary>
public enum MissingAnswer
{
    Accept,
    Defer,
    Quarantine,
}

/// <summary>One of <c>SmtpIngress:Scanners</c>.</summary>
public sealed class ScannerOptions : IValidatableObject
{
    /// <summary>As it stands in facts, header, timeline, log and metrics.</summary>
    public string Name { get; set; } = "";

    public ScannerKind Kind { get; set; }

    /// <summary>For Rspamd and an own scanner a URL, for clamd and filters <c>inet:host:port</c> or <c>unix:/path</c>.</summary>
    public string Address { get; set; } = "";

    /// <summary>Time for its answer; of a filter: for each of its answers.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>What becomes of mail when it does not answer, or says what cannot be understood.</summary>
    public MissingAnswer WhenAway { get; set; } = MissingAnswer.Defer;

    /// <summary>Times in a row that it fails before it rests: its <see cref="WhenAway"/> happens then at once, without asking it. 0 for never.</summary>
    [Range(0, 1000)]
    public int BreakAfter { get; set; } = 5;

    /// <summary>How long it rests before one message tries it again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BreakFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Octets of the largest message that it is shown; 0 for any.</summary>
    [Range(0, int.MaxValue)]
    public long MaxSize { get; set; }

    /// <summary>What becomes of mail that is too large for it.</summary>
    public MissingAnswer WhenTooBig { get; set; } = MissingAnswer.Accept;

    /// <summary>Whether it looks at mail from outside.</summary>
    public bool Incoming { get; set; } = true;

    /// <summary>Whether it looks at mail of our users.</summary>
    public bool Submission { get; set; }

    /// <summary>A file whose first line is the password for Rspamd, or the bearer token for an own scanner; null for none.</summary>
    public string? SecretFile { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Length is 0 or > 32 || !Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) yield return new ValidationResult($"'{Name}' is no name of a scanner: up to 32 of a-z, 0-9 and -.", [nameof(Name)]);
        if (Kind is ScannerKind.Rspamd or ScannerKind.Http)
        {
            if (!Uri.TryCreate(Address, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)) yield return new ValidationResult($"'{Address}' is no URL; write the address of the scanner {Name} as http://127.0.0.1:11333.", [nameof(Address)]);
        }
        else if (!ScannerSocket.TryParse(Address, out _)) yield return new ValidationResult($"'{Address}' is no address; write that of the scanner {Name} as inet:127.0.0.1:3310 or unix:/run/clamav/clamd.ctl.", [nameof(Address)]);
        if (SecretFile is not null && !File.Exists(SecretFile)) yield return new ValidationResult($"The file {SecretFile} with the secret of the scanner {Name} is not there.", [nameof(SecretFile)]);
    }

    internal bool LooksAt(SmtpRole role) => role == SmtpRole.Mx ? Incoming : Submission;

    /// <summary>The first line of <see cref="SecretFile"/>.</summary>
    internal string? Secret => SecretFile is null ? null : File.ReadLines(SecretFile).FirstOrDefault()?.Trim();

    internal static PolicyAction? AsAction(MissingAnswer answer) => answer switch
    {
        MissingAnswer.Defer => PolicyAction.Defer,
        MissingAnswer.Quarantine => PolicyAction.Quarantine,
        _ => null,
    };
}
