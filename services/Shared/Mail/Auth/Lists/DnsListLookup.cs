using System.Net;
using System.Net.Sockets;
using DnsClient;
using Merpati.Addresses;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>Asks DNS lists (RFC 5782), all side by side. A list that does not answer, or answers what is no listing, counts for nothing.</summary>
public static class DnsListLookup
{
    private const int MaxDomains = 10;

    /// <summary>The lists of addresses about the client.</summary>
    public static ValueTask<DnsListsResult> OfClientAsync(IPAddress client, IReadOnlyList<DnsList> lists, IMailDns dns, CancellationToken cancellationToken)
    {
        var address = AddressScope.Unmapped(client);
        // 1.2.0.192.in-addr.arpa. without its last two labels.
        var labels = address.GetArpaName().TrimEnd('.');
        var reversed = labels[..labels.LastIndexOf('.', labels.LastIndexOf('.') - 1)];
        return AskAsync([.. lists.Where(list => list.Kind == DnsListKind.Addresses).Select(list => (list, address.ToString(), $"{reversed}.{list.Zone}"))], dns, cancellationToken);
    }

    /// <summary>The lists of domains about those of the message, each domain once.</summary>
    public static ValueTask<DnsListsResult> OfDomainsAsync(IEnumerable<string> domains, IReadOnlyList<DnsList> lists, IMailDns dns, CancellationToken cancellationToken)
    {
        var subjects = domains.Select(DomainName.ToAscii).OfType<string>().Where(domain => domain.Contains('.', StringComparison.Ordinal) && !IPAddress.TryParse(domain, out _)).Distinct(StringComparer.OrdinalIgnoreCase).Take(MaxDomains).ToList();
        return AskAsync([.. lists.Where(list => list.Kind == DnsListKind.Domains).SelectMany(list => subjects.Select(domain => (list, domain, $"{domain}.{list.Zone}")))], dns, cancellationToken);
    }

    private static async ValueTask<DnsListsResult> AskAsync(IReadOnlyList<(DnsList List, string Subject, string Name)> questions, IMailDns dns, CancellationToken cancellationToken)
    {
        if (questions.Count == 0) return DnsListsResult.None;
        var answers = await Task.WhenAll(questions.Select(question => dns.AddressesAsync(question.Name, AddressFamily.InterNetwork, cancellationToken).AsTask()));
        var listings = new List<DnsListing>();
        var unanswered = new List<string>();
        foreach (var (question, answer) in questions.Zip(answers))
        {
            switch (answer)
            {
                case DnsAnswer<IPAddress>.Found { Records: var addresses }:
                    if (addresses.FirstOrDefault(question.List.Counts) is { } listed) listings.Add(new DnsListing(question.List, question.Subject, listed));
                    else if (addresses.Any(DnsList.IsRefusal)) unanswered.Add(question.List.Zone);
                    break;
                case DnsAnswer<IPAddress>.Temporary:
                    unanswered.Add(question.List.Zone);
                    break;
            }
        }
        return new DnsListsResult(listings, [.. unanswered.Distinct()]);
    }
}
