using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Mail.Dns;

/// <summary>
/// Finds the hosts that take the mail of a domain (RFC 5321 §5.1, RFC 7505):
/// <list type="number">
/// <item>an address literal is its own host;</item>
/// <item>the MX records; none means the domain itself, and one that names the root means nobody;</item>
/// <item>hosts as good as we are, or worse, are left out: mail must not come back to us;</item>
/// <item>the addresses of those that remain, without those that nobody outside should make us connect to.</item>
/// </list>
/// </summary>
public sealed class DestinationResolver(IMailDns dns, DestinationOptions options, Random random)
{
    private readonly AddressScope _scope = new(options);

    /// <param name="domain">What stands behind the at sign: a domain in A- or U-labels, or an address literal.</param>
    public async ValueTask<Destination> ResolveAsync(string domain, Ourselves ourselves, CancellationToken cancellationToken)
    {
        if (domain.StartsWith('[')) return OfLiteral(domain, ourselves);
        if (!HostName.TryNormalize(domain, out var name)) return NotADomain(domain);
        return await dns.MailExchangersAsync(name, cancellationToken) switch
        {
            DnsAnswer<MailExchange>.Temporary no => NoAnswer($"{name} MX", no.Reason),
            DnsAnswer<MailExchange>.NoSuchName => new Destination.None(NoDestination.NoSuchDomain, Permanent: true, 550, "5.1.2", $"The domain {name} does not exist"),
            DnsAnswer<MailExchange>.NoData none => await OfExchangersAsync(name, [new MailExchange(0, name)], none.Secure, ourselves, _scope, cancellationToken),
            DnsAnswer<MailExchange>.Found { Records: [{ Host: "" }] } => new Destination.None(NoDestination.NullMx, Permanent: true, 556, "5.1.10", $"The domain {name} takes no mail (null MX)"),
            DnsAnswer<MailExchange>.Found found => await OfExchangersAsync(name, found.Records, found.Secure, ourselves, _scope, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>The host that an administrator named instead of the MX records: a name whose addresses count, or an address in brackets or without. No address is refused.</summary>
    public async ValueTask<Destination> ResolveHostAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address)) return new Destination.Hosts(host, [new MailHost($"[{address}]", 0, [address], $"[{address}]", AddressesSecure: false)], MxSecure: false, []);
        if (!HostName.TryNormalize(host, out var name)) return NotADomain(host);
        return await OfExchangersAsync(name, [new MailExchange(0, name)], mxSecure: false, Ourselves.Unknown, scope: null, cancellationToken);
    }

    private async ValueTask<Destination> OfExchangersAsync(string domain, IReadOnlyList<MailExchange> records, bool mxSecure, Ourselves ourselves, AddressScope? scope, CancellationToken cancellationToken)
    {
        var notes = new Notes();
        var exchangers = InOrder(records, notes);
        var own = exchangers.Where(mx => ourselves.IsName(mx.Host)).Select(mx => (int?)mx.Preference).Min();
        if (own is not null) exchangers.RemoveAll(mx => mx.Preference >= own);
        if (exchangers.Count > options.MaxHosts)
        {
            notes.Add(Text($"{exchangers.Count - options.MaxHosts} hosts more than are tried"));
            exchangers.RemoveRange(options.MaxHosts, exchangers.Count - options.MaxHosts);
        }

        var lookups = await Task.WhenAll(exchangers.Select(mx => AddressesAsync(mx, cancellationToken)));
        var ownByAddress = lookups.Where(lookup => lookup.Addresses.Any(ourselves.IsAddress)).Select(lookup => (int?)lookup.Exchanger.Preference).Min();
        own = ownByAddress ?? own;

        var candidates = new List<MailHost>();
        var (unanswered, refused) = (default(Destination.None), default(string));
        foreach (var lookup in lookups.Where(lookup => own is null || lookup.Exchanger.Preference < own))
        {
            unanswered ??= lookup.Unanswered;
            if (lookup.Unanswered is { Detail: { } why }) notes.Add(why);
            var addresses = Allowed(lookup, scope, notes, ref refused);
            if (addresses.Count > 0) candidates.Add(new MailHost(lookup.Exchanger.Host, lookup.Exchanger.Preference, addresses, lookup.Canonical, lookup.Secure));
            else if (lookup.Addresses.Count == 0 && lookup.Unanswered is null) notes.Add($"{lookup.Exchanger.Host} has no address");
        }

        if (candidates.Count > 0) return new Destination.Hosts(domain, candidates, mxSecure, notes.Lines);
        if (unanswered is not null) return unanswered;
        if (own is not null) return new Destination.None(NoDestination.Loop, Permanent: true, 550, "5.4.6", $"Mail for {domain} loops back to this server: DNS names it as the best host of a domain that it does not serve");
        if (refused is not null) return new Destination.None(NoDestination.AddressRefused, Permanent: true, 550, "5.4.4", refused);
        return new Destination.None(NoDestination.NoAddress, Permanent: true, 550, "5.4.4", $"No mail host of {domain} has an address");
    }

    /// <summary>By preference, shuffled where it is equal, each host once, without what is no name.</summary>
    private List<MailExchange> InOrder(IReadOnlyList<MailExchange> records, Notes notes)
    {
        // Shuffled first: sorting is stable, so that what is equal stays in random order.
        var shuffled = records.ToArray();
        random.Shuffle(shuffled);
        var seen = new HashSet<string>();
        var exchangers = new List<MailExchange>();
        foreach (var mx in shuffled.OrderBy(mx => mx.Preference).Take(options.MaxMxRecords))
        {
            if (!HostName.TryNormalize(mx.Host, out var name)) notes.Add(Text($"MX {mx.Preference} '{Shown(mx.Host)}' is no host name"));
            else if (HostName.LooksLikeAddress(name)) notes.Add(Text($"MX {mx.Preference} {name} is an address where a host name belongs (RFC 5321 §2.3.5)"));
            else if (seen.Add(name)) exchangers.Add(mx with { Host = name });
        }
        if (records.Count > options.MaxMxRecords) notes.Add(Text($"{records.Count - options.MaxMxRecords} MX records more than are looked at"));
        return exchangers;
    }

    private async Task<AddressLookup> AddressesAsync(MailExchange exchanger, CancellationToken cancellationToken)
    {
        var families = options.AddressOrder.Families();
        var answers = await Task.WhenAll(families.Select(family => dns.AddressesAsync(exchanger.Host, family, cancellationToken).AsTask()));
        var addresses = new List<IPAddress>();
        var canonical = exchanger.Host;
        var secure = true;
        var unanswered = default(Destination.None);
        foreach (var (answer, family) in answers.Zip(families))
        {
            if (answer is DnsAnswer<IPAddress>.Found found)
            {
                addresses.AddRange(found.Records.Select(AddressScope.Unmapped));
                canonical = found.Name;
                secure &= found.Secure;
            }
            else if (answer is DnsAnswer<IPAddress>.Temporary no)
            {
                unanswered ??= NoAnswer($"{exchanger.Host} {(family == AddressFamily.InterNetworkV6 ? "AAAA" : "A")}", no.Reason);
            }
        }
        return new AddressLookup(exchanger, addresses, canonical, secure && addresses.Count > 0, unanswered);
    }

    private List<IPAddress> Allowed(AddressLookup lookup, AddressScope? scope, Notes notes, ref string? refused)
    {
        var allowed = new List<IPAddress>();
        foreach (var address in InOrder(lookup.Addresses))
        {
            if (scope?.ReasonAgainst(address) is { } what)
            {
                var note = $"{lookup.Exchanger.Host} has {address}, {what}, to which no mail is sent";
                refused ??= note;
                notes.Add(note);
            }
            else
            {
                allowed.Add(address);
            }
        }
        return allowed.Count <= options.MaxAddresses ? allowed : FairShare(allowed);
    }

    /// <summary>The families stay in their order, the addresses of each are shuffled: a cache hands them out in the same order to everybody.</summary>
    private IEnumerable<IPAddress> InOrder(IReadOnlyList<IPAddress> addresses)
    {
        if (addresses.Count == 0) return [];
        var shuffled = addresses.Distinct().ToArray();
        random.Shuffle(shuffled);
        return shuffled.OrderBy(address => address.AddressFamily != addresses[0].AddressFamily);
    }

    /// <summary>Many addresses of one family do not push out those of the other.</summary>
    private List<IPAddress> FairShare(List<IPAddress> addresses)
    {
        var first = addresses[0].AddressFamily;
        var others = addresses.Count(address => address.AddressFamily != first);
        var ofFirst = Math.Max(options.MaxAddresses - others, (options.MaxAddresses + 1) / 2);
        return [.. addresses.Where(address => address.AddressFamily == first).Take(ofFirst), .. addresses.Where(address => address.AddressFamily != first).Take(options.MaxAddresses - Math.Min(ofFirst, addresses.Count - others))];
    }

    private Destination OfLiteral(string literal, Ourselves ourselves)
    {
        if (!TryParseLiteral(literal, out var address)) return NotADomain(literal);
        if (ourselves.IsAddress(address)) return new Destination.None(NoDestination.Loop, Permanent: true, 550, "5.4.6", $"{literal} is this server itself");
        if (_scope.ReasonAgainst(address) is { } what) return new Destination.None(NoDestination.AddressRefused, Permanent: true, 550, "5.4.4", $"{literal} is {what}, to which no mail is sent");
        return new Destination.Hosts(literal, [new MailHost(literal, 0, [address], literal, AddressesSecure: false)], MxSecure: false, []);
    }

    /// <summary>RFC 5321 §4.1.3: <c>[192.0.2.1]</c> or <c>[IPv6:2001:db8::1]</c>, and no other way in which the platform can read numbers.</summary>
    private static bool TryParseLiteral(string literal, out IPAddress address)
    {
        const string Six = "IPv6:";
        address = IPAddress.None;
        if (literal is not ['[', .. var inner, ']']) return false;
        if (inner.StartsWith(Six, StringComparison.OrdinalIgnoreCase))
        {
            if (inner.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(inner[Six.Length..], out var six) || six.AddressFamily != AddressFamily.InterNetworkV6) return false;
            address = AddressScope.Unmapped(six);
            return true;
        }
        // 0x7f.1 and 127.1 are addresses too, but not here.
        if (!IPAddress.TryParse(inner, out var four) || four.AddressFamily != AddressFamily.InterNetwork || four.ToString() != inner) return false;
        address = four;
        return true;
    }

    private static Destination.None NoAnswer(string question, string reason)
        => new(NoDestination.NoAnswer, Permanent: false, 451, "4.4.3", $"DNS gives no answer for {question} now", $"DNS gives no answer for {question}: {reason}");

    private static Destination.None NotADomain(string text)
        => new(NoDestination.NotADomain, Permanent: true, 550, "5.1.2", $"'{Shown(text)}' is not a domain");

    /// <summary>A stranger's text for a log line or a report: short and printable.</summary>
    private static string Shown(string text)
    {
        var shown = string.Concat(text.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return text.Length > 80 ? shown + "…" : shown;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A zone of a stranger has room for more than an administrator reads.</summary>
    private sealed class Notes
    {
        private const int MaxLines = 30;

        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines => _lines;

        public void Add(string line)
        {
            if (_lines.Count < MaxLines) _lines.Add(line);
        }
    }

    private sealed record AddressLookup(MailExchange Exchanger, IReadOnlyList<IPAddress> Addresses, string Canonical, bool Secure, Destination.None? Unanswered);
}
