using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Merpati.Mail.Dns;

/// <summary>A policy of our own, as it is given to others (RFC 8461 §3.2).</summary>
public sealed class PublishedMtaStsPolicy
{
    /// <param name="mx">The hosts that take mail, as in the MX records.</param>
    public PublishedMtaStsPolicy(MtaStsMode mode, IEnumerable<string> mx, TimeSpan maxAge)
    {
        var text = new StringBuilder("version: STSv1\r\n").Append(CultureInfo.InvariantCulture, $"mode: {mode.ToString().ToLowerInvariant()}\r\n");
        // A policy that takes itself back needs no hosts (§8.3).
        if (mode != MtaStsMode.None) foreach (var host in mx) text.Append(CultureInfo.InvariantCulture, $"mx: {host}\r\n");
        Text = text.Append(CultureInfo.InvariantCulture, $"max_age: {(long)maxAge.TotalSeconds}\r\n").ToString();
        Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)))[..20];
    }

    /// <summary>The file <c>/.well-known/mta-sts.txt</c>.</summary>
    public string Text { get; }

    /// <summary>The id of the record (§3.1): made of the text, so that it changes when the policy does, and only then.</summary>
    public string Id { get; }

    /// <summary>The TXT record at <c>_mta-sts</c>.</summary>
    public string Record => $"v=STSv1; id={Id};";
}
