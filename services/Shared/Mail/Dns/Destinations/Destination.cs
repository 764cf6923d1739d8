using System.Net;

namespace Merpati.Mail.Dns;

/// <summary>Where mail for a domain goes (RFC 5321 §5.1).</summary>
public abstract record Destination
{
    private Destination() { }

    /// <summary>These hosts, in the order in which they are to be tried.</summary>
    /// <param name="Domain">As it was asked for: lower case, A-labels; an address literal in its brackets.</param>
    /// <param name="Candidates">At least one, each with at least one address; by preference, and in random order where it is equal.</param>
    /// <param name="MxSecure">The MX records, or that there are none, are validated by DNSSEC: who stands in <paramref name="Candidates"/> is what the domain says.</param>
    /// <param name="Notes">What was left out, and why; for the administrator.</param>
    public sealed record Hosts(string Domain, IReadOnlyList<MailHost> Candidates, bool MxSecure, IReadOnlyList<string> Notes) : Destination;

    /// <summary>Nowhere.</summary>
    /// <param name="Permanent">Waiting does not help: the mail bounces; else it is tried again.</param>
    /// <param name="Code">The reply code that says so, for DSNs: 550, 556, 451.</param>
    /// <param name="Status">Enhanced status code (RFC 3463, 7504, 7505).</param>
    /// <param name="Text">For the sender, and whoever reads a report.</param>
    /// <param name="Detail">For the administrator, where there is more to say: which resolver said what.</param>
    public sealed record None(NoDestination Why, bool Permanent, int Code, string Status, string Text, string? Detail = null) : Destination
    {
        /// <summary>As a server would have said it: <c>556 5.1.10 example.org takes no mail</c>.</summary>
        public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Code} {Status} {Text}");
    }
}

/// <summary>Why there is no <see cref="Destination.Hosts"/>.</summary>
public enum NoDestination
{
    /// <summary>DNS gives no answer now.</summary>
    NoAnswer = 0,

    /// <summary>What stands behind the at sign cannot be a domain or an address.</summary>
    NotADomain = 1,

    /// <summary>The domain does not exist.</summary>
    NoSuchDomain = 2,

    /// <summary>The domain takes no mail, and says so (RFC 7505).</summary>
    NullMx = 3,

    /// <summary>No host of the domain has an address.</summary>
    NoAddress = 4,

    /// <summary>All addresses are such that we do not connect to them.</summary>
    AddressRefused = 5,

    /// <summary>We are the best host of the domain ourselves, and yet the mail is not for us.</summary>
    Loop = 6,
}

/// <summary>One host of a destination.</summary>
/// <param name="Name">The name in the MX record, or the domain where there is none; of an address literal, the literal.</param>
/// <param name="Addresses">In the order in which they are to be tried.</param>
/// <param name="Canonical">Where the aliases of <paramref name="Name"/> lead; the same name if it is none.</param>
/// <param name="AddressesSecure">The addresses, and the aliases that lead to them, are validated by DNSSEC.</param>
public sealed record MailHost(string Name, int Preference, IReadOnlyList<IPAddress> Addresses, string Canonical, bool AddressesSecure)
{
    public bool IsAddressLiteral => Name.StartsWith('[');
}

/// <summary>Who we are, so that we do not send mail to ourselves.</summary>
/// <param name="HostNames">Our names in DNS.</param>
/// <param name="Addresses">The addresses at which mail reaches us; none if that cannot be told.</param>
public sealed record Ourselves(IReadOnlySet<string> HostNames, IReadOnlySet<IPAddress> Addresses)
{
    public static Ourselves Unknown { get; } = new(new HashSet<string>(), new HashSet<IPAddress>());

    internal bool IsName(string name) => HostNames.Contains(name);

    internal bool IsAddress(IPAddress address) => Addresses.Contains(address);

    /// <summary>Names in any form.</summary>
    public static Ourselves Of(IEnumerable<string> hostNames, IEnumerable<IPAddress> addresses)
        => new(hostNames.Select(name => HostName.TryNormalize(name, out var normal) ? normal : name).ToHashSet(StringComparer.OrdinalIgnoreCase), addresses.Select(AddressScope.Unmapped).ToHashSet());
}
