using System.ComponentModel.DataAnnotations;
using Merpati.Mail.Dns;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Section <c>TlsPolicies</c> of the configuration.</summary>
public sealed class TlsPolicyOptions : IValidatableObject
{
    public const string Section = "TlsPolicies";

    /// <summary>Time for fetching an MTA-STS policy; RFC 8461 §3.3 suggests a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>MTA-STS policies kept; each domain that has one takes a place.</summary>
    [Range(100, 10_000_000)]
    public int KeptPolicies { get; set; } = 50_000;

    /// <summary>By domain of the recipient, or <c>.domain</c> for all below it: what holds instead of DANE and MTA-STS.</summary>
    public IDictionary<string, TlsOverride> Overrides { get; } = new Dictionary<string, TlsOverride>();

    internal TlsPolicyOverrides ToTable()
        => new(Overrides.Select(entry => KeyValuePair.Create(entry.Key, new TlsPolicyOverride(entry.Value.Level, [.. entry.Value.Names.Select(name => name.ToLowerInvariant())]))));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var key in Overrides.Keys.Where(key => !DomainTable.IsKey(key)))
            yield return new ValidationResult($"'{key}' is not a domain; write example.org, or .example.org for what is below it.", [nameof(Overrides)]);
    }
}

/// <summary>What an administrator decides for a domain.</summary>
public sealed class TlsOverride
{
    /// <summary>None, May, Encrypt, Verify or Dane.</summary>
    public TlsPolicyLevel Level { get; set; } = TlsPolicyLevel.Encrypt;

    /// <summary>For Verify: names that the certificate may be for; none means the name of the MX host.</summary>
    public IList<string> Names { get; } = [];
}
