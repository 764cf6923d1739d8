using System.Globalization;

namespace Merpati.Protocols.Smtp.Client;

/// <summary>What a server answered to EHLO (RFC 5321 §4.1.1.1); nothing at all after HELO.</summary>
public sealed record SmtpCapabilities
{
    public static SmtpCapabilities None { get; } = new();

    /// <summary>RFC 2920.</summary>
    public bool Pipelining { get; init; }

    /// <summary>RFC 3030.</summary>
    public bool Chunking { get; init; }

    /// <summary>RFC 3030; counts together with <see cref="Chunking"/> only.</summary>
    public bool BinaryMime { get; init; }

    /// <summary>RFC 6152.</summary>
    public bool EightBitMime { get; init; }

    /// <summary>RFC 6531.</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RFC 3461: who relays to a server without it sends the <c>relayed</c> report itself (§5.2.2).</summary>
    public bool Dsn { get; init; }

    /// <summary>RFC 3207.</summary>
    public bool StartTls { get; init; }

    /// <summary>RFC 8689; offered over TLS only.</summary>
    public bool RequireTls { get; init; }

    /// <summary>RFC 6710.</summary>
    public bool MtPriority { get; init; }

    /// <summary>RFC 2852.</summary>
    public bool DeliverBy { get; init; }

    /// <summary>The shortest time that the server takes in BY with mode R (RFC 2852 §3); zero when it names none.</summary>
    public TimeSpan DeliverByMinimum { get; init; }

    /// <summary>RFC 1870.</summary>
    public bool Size { get; init; }

    /// <summary>Octets (RFC 1870 §4); null when there is no limit or none is named.</summary>
    public long? MaxSize { get; init; }

    /// <summary>Mechanisms in upper case (RFC 4954 §3).</summary>
    public IReadOnlySet<string> Auth { get; init; } = new HashSet<string>();

    /// <summary>Reads the reply to EHLO or LHLO. The first line is the server's name; keywords compare without case, and what is not known, or not well-formed, is left out.</summary>
    public static SmtpCapabilities Parse(RemoteReply reply) => reply.Lines.Skip(1).Aggregate(None, static (known, line) => known.With(line));

    private SmtpCapabilities With(string line)
    {
        // "AUTH=LOGIN" is how some servers wrote it before there was a standard.
        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) return this;
        var keyword = words[0].ToUpperInvariant();
        if (keyword.StartsWith("AUTH=", StringComparison.Ordinal)) return WithAuth([keyword[5..], .. words.Skip(1)]);
        return keyword switch
        {
            "PIPELINING" => this with { Pipelining = true },
            "CHUNKING" => this with { Chunking = true },
            "BINARYMIME" => this with { BinaryMime = true },
            "8BITMIME" => this with { EightBitMime = true },
            "SMTPUTF8" => this with { SmtpUtf8 = true },
            "DSN" => this with { Dsn = true },
            "STARTTLS" => this with { StartTls = true },
            "REQUIRETLS" => this with { RequireTls = true },
            "MT-PRIORITY" => this with { MtPriority = true },
            "DELIVERBY" => this with { DeliverBy = true, DeliverByMinimum = TimeSpan.FromSeconds(words.Length > 1 && uint.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0) },
            "SIZE" => this with { Size = true, MaxSize = words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var octets) && octets > 0 ? octets : null },
            "AUTH" => WithAuth(words.Skip(1)),
            _ => this,
        };
    }

    private SmtpCapabilities WithAuth(IEnumerable<string> mechanisms) => this with { Auth = Auth.Concat(mechanisms.Select(name => name.ToUpperInvariant())).ToHashSet(StringComparer.Ordinal) };
}
