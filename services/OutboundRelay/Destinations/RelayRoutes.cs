using Merpati.Mail.Dns;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Where mail for a destination goes instead of the hosts that DNS names for it.</summary>
/// <param name="Host">A host name in A-labels, or an address.</param>
/// <param name="LookUpMx">The host is a domain: its MX hosts are meant (smart hosts with several machines).</param>
/// <param name="Port">Of that host.</param>
/// <param name="Lmtp">LMTP (RFC 2033) instead of SMTP.</param>
/// <param name="ImplicitTls">TLS from the first octet, as on port 465 (RFC 8314 §3.3).</param>
/// <param name="Tls">What the connection must be: the policies that the destination publishes are about its own hosts, and not about this one.</param>
/// <param name="Login">Null for a host that takes our mail as it is.</param>
public sealed record RelayRoute(string Host, bool LookUpMx, int Port, bool Lmtp, bool ImplicitTls, TlsPolicyLevel Tls, RelayLogin? Login);

/// <summary>Who we are at a smart host. The password is not kept: whoever dials reads it, so that a new one counts at once.</summary>
public sealed record RelayLogin(string User, string PasswordFile)
{
    /// <summary>The first line of the file.</summary>
    /// <exception cref="IOException">It cannot be read, or is empty.</exception>
    public async ValueTask<string> ReadPasswordAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in File.ReadLinesAsync(PasswordFile, cancellationToken))
            {
                if (line.Length > 0) return line;
                break;
            }
        }
        catch (UnauthorizedAccessException e) { throw new IOException($"{PasswordFile} may not be read.", e); }
        throw new IOException($"{PasswordFile} has no password in its first line.");
    }

    /// <summary>Without the place of the secret.</summary>
    public override string ToString() => User;
}

/// <summary>The routes of the configuration, by destination.</summary>
public sealed class RelayRoutes
{
    /// <summary>Stands for every destination that has no route of its own.</summary>
    public const string Any = "*";

    private readonly DomainTable<RelayRoute> _byDestination;
    private readonly RelayRoute? _any;

    /// <param name="routes">By domain, by <c>.domain</c> for all names below it, or by <see cref="Any"/>.</param>
    /// <exception cref="FormatException">A key is neither.</exception>
    public RelayRoutes(IEnumerable<KeyValuePair<string, RelayRoute>> routes)
    {
        var byKey = routes.ToLookup(route => IsKey(route.Key) ? route.Key == Any : throw new FormatException($"'{route.Key}' is not a domain."));
        _any = byKey[true].LastOrDefault().Value;
        _byDestination = new DomainTable<RelayRoute>(byKey[false]);
    }

    /// <summary>Address literals have no route of their own.</summary>
    public static bool IsKey(string key) => key == Any || !key.StartsWith('[') && DomainTable.IsKey(key);

    /// <summary>The route of the domain itself, else of the longest name above it, else the one for all; null when DNS says where to go.</summary>
    /// <param name="destination">As in a queue entry: A-labels in lower case, or an address literal, which only the route for all can be meant for.</param>
    public RelayRoute? Find(string destination) => _byDestination.TryFind(destination, out var route) ? route : _any;
}
