using System.ComponentModel.DataAnnotations;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Limits of the mailboxes.</summary>
public sealed class MailboxOptions
{
    public const string Section = "Mailboxes";

    /// <summary>Octets of an appended message at the most (RFC 7889 APPENDLIMIT).</summary>
    [Range(64 * 1024, long.MaxValue)]
    public long MaxMessageSize { get; set; } = 50 * 1024 * 1024;
}
