using System.ComponentModel.DataAnnotations;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>Keys below <c>SmtpIngress:Content</c>: what is looked at in mail from outside without any other program.</summary>
public sealed class ContentOptions
{
    /// <summary>Attachments, links and the author's name are looked at; what is found are facts for the policy.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>What the classifier thinks of mail from outside is a fact too, once it has learned enough.</summary>
    public bool Classifier { get; set; } = true;

    /// <summary>Both look at the mail of our users too: what the policy quarantines then waits for a person before it leaves.</summary>
    public bool Submission { get; set; }

    /// <summary>What the names of attachments should not end in, instead of the usual list.</summary>
    public IList<string> Executables { get; } = [];

    /// <summary>Time for it; what is not found by then is not told.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Parts of a message that are looked at.</summary>
    [Range(1, 10_000)]
    public int MaxParts { get; set; } = 500;

    /// <summary>Octets of attachments of a message that are looked at.</summary>
    [Range(1024, 2_147_483_647)]
    public long MaxOctets { get; set; } = 67_108_864;
}
