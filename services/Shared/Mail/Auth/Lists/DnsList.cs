using System.Net;

namespace Merpati.Mail.Auth;

/// <summary>What a DNS list knows.</summary>
public enum DnsListKind
{
    /// <summary>Addresses of clients (RFC 5782 §2.1).</summary>
    Addresses,

    /// <summary>Domains (RFC 5782 §2.2).</summary>
    Domains,
}

/// <summary>A block or allow list in DNS.</summary>
/// <param name="Zone">Such as <c>zen.spamhaus.org</c>.</param>
/// <param name="Score">What it adds for who is on it; negative for an allow list.</param>
/// <param name="Answers">The answers that count; without any, each of 127.0.0.0/8 that is no error of the list.</param>
public sealed record DnsList(string Zone, DnsListKind Kind, double Score, IReadOnlyList<IPNetwork> Answers)
{
    private static readonly IPNetwork Listed = IPNetwork.Parse("127.0.0.0/8");

    // What large lists answer to questions that they refuse, so that nobody takes it for a listing.
    private static readonly IPNetwork Refused = IPNetwork.Parse("127.255.255.0/24");

    public bool IsAllowList => Score < 0;

    internal bool Counts(IPAddress answer) => Listed.Contains(answer) && !Refused.Contains(answer) && (Answers.Count == 0 || Answers.Any(network => network.Contains(answer)));

    internal static bool IsRefusal(IPAddress answer) => Refused.Contains(answer) || !Listed.Contains(answer);
}

/// <summary>One of the lists names the client or a domain of the message.</summary>
/// <param name="Subject">The address or the domain.</param>
public sealed record DnsListing(DnsList List, string Subject, IPAddress Answer);

/// <summary>What the lists say.</summary>
/// <param name="Unanswered">The zones that gave no answer in time, or refused to give one: they count for nothing.</param>
public sealed record DnsListsResult(IReadOnlyList<DnsListing> Listings, IReadOnlyList<string> Unanswered)
{
    public static readonly DnsListsResult None = new([], []);

    /// <summary>Each list counts once, however many of the message's domains it names.</summary>
    public double Score => Listings.DistinctBy(listing => listing.List).Sum(listing => listing.List.Score);
}
