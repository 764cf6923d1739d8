using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Merpati.Delivery.Mailboxes;

/// <summary>Limits of the mailboxes.</summary>
public sealed class MailboxesOptions
{
    public const string Section = "Mailboxes";

    /// <summary>Octets of an appended message at the most (RFC 7889 APPENDLIMIT).</summary>
    [Range(65_536, 2_147_483_648)]
    public long MaxMessageSize { get; set; } = 50 * 1024 * 1024;

    /// <summary>Octets that header columns of searched mailboxes may take in memory, some 200 for each message; those of the mailboxes searched last are kept.</summary>
    [Range(0, 68_719_476_736)]
    public long SearchCacheOctets { get; set; } = 64 * 1024 * 1024;
}

[OptionsValidator]
internal sealed partial class MailboxesOptionsValidator : IValidateOptions<MailboxesOptions>;
