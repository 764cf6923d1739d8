using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Merpati.Mail.Dns;

/// <summary>Section <c>Dns</c> of the configuration.</summary>
public sealed class DnsOptions : IValidatableObject
{
    public const string Section = "Dns";

    /// <summary>Resolvers in the order in which they are asked, as <c>192.0.2.53</c>, <c>192.0.2.53:5353</c> or <c>[2001:db8::53]:5353</c>; none means those of the system.</summary>
    public IList<string> Servers { get; } = [];

    /// <summary>
    /// Networks of resolvers that validate DNSSEC and whose word for it (the AD bit) reaches us unforged; none means loopback.
    /// It counts only if every resolver is in one of them: else whoever makes the trusted one fail has switched DANE off.
    /// </summary>
    public IList<string> TrustedResolvers { get; } = [];

    /// <summary>Time for one try at one resolver.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Further rounds over all resolvers that gave no answer.</summary>
    [Range(0, 10)]
    public int Retries { get; set; } = 2;

    /// <summary>Time for a question with all its tries and aliases.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan QuestionTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Questions at resolvers at once; more wait within their time.</summary>
    [Range(1, 100_000)]
    public int Concurrency { get; set; } = 256;

    /// <summary>Ask over TCP alone: no stranger's datagram is taken for an answer, for a resolver that is neither on this machine nor on a network of our own.</summary>
    public bool TcpOnly { get; set; }

    /// <summary>Answers kept.</summary>
    [Range(1, 10_000_000)]
    public int CacheEntries { get; set; } = 100_000;

    /// <summary>Octets that the answers kept may take, roughly.</summary>
    [Range(65_536, 4_294_967_296)]
    public long CacheOctets { get; set; } = 67_108_864;

    /// <summary>An answer is kept for its time to live, but no longer than this.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan LongestTtl { get; set; } = TimeSpan.FromHours(6);

    /// <summary>The same for the answer that there is nothing (RFC 2308 §5).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "03:00:00")]
    public TimeSpan LongestNegativeTtl { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>A failure is remembered so long, so that a dead name server is not asked for every message (RFC 9520 §3.2).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan FailureTtl { get; set; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var server in Servers)
        {
            if (!IPEndPoint.TryParse(server, out _)) yield return new ValidationResult($"'{server}' is not a resolver; write its address, such as 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53.", [nameof(Servers)]);
        }
        foreach (var network in TrustedResolvers)
        {
            if (!IPNetwork.TryParse(network, out _)) yield return new ValidationResult($"'{network}' is not a network; write it as 192.0.2.53/32 or fd00::/8.", [nameof(TrustedResolvers)]);
        }
    }
}
