using System.ComponentModel.DataAnnotations;
using System.Net;
using Merpati.Mail.Dns;

namespace Merpati.OutboundRelay.Destinations;

/// <summary>Section <c>Relay</c> of the configuration: ways around DNS.</summary>
public sealed class RelayRoutesOptions : IValidatableObject
{
    public const string Section = "Relay";

    /// <summary>By domain of the recipient, <c>.domain</c> for all below it, or <c>*</c> for all others.</summary>
    public IDictionary<string, RelayRouteOptions> Routes { get; } = new Dictionary<string, RelayRouteOptions>();

    public RelayRoutes ToTable() => new(Routes.Select(route => KeyValuePair.Create(route.Key, route.Value.ToRoute())));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (key, route) in Routes)
        {
            if (!RelayRoutes.IsKey(key)) yield return Wrong(key, "that is not a domain; write example.org, .example.org for what is below it, or * for all.");
            foreach (var reason in route.Faults()) yield return Wrong(key, reason);
        }
    }

    private static ValidationResult Wrong(string key, string reason) => new($"Relay:Routes:{key}: {reason}", [nameof(Routes)]);
}

/// <summary>One route.</summary>
public sealed class RelayRouteOptions
{
    private const int Smtp = 25;
    private const int Submission = 587;
    private const int Submissions = 465;
    private const int LmtpPort = 24;

    /// <summary>A host name or an address.</summary>
    public string Host { get; set; } = "";

    /// <summary>The MX hosts of that name, and not the host itself.</summary>
    public bool LookUpMx { get; set; }

    /// <summary>465 with implicit TLS, 587 with a user, 24 for LMTP, else 25.</summary>
    public int? Port { get; set; }

    public bool Lmtp { get; set; }

    public bool ImplicitTls { get; set; }

    /// <summary>None, May, Encrypt, Verify or Dane; Verify where a password goes over the line, else May.</summary>
    public TlsPolicyLevel? Tls { get; set; }

    public string? User { get; set; }

    /// <summary>A file whose first line is the password.</summary>
    public string? PasswordFile { get; set; }

    internal RelayRoute ToRoute()
    {
        var host = HostName.TryNormalize(Host, out var name) ? name : Host;
        var login = User is null ? null : new RelayLogin(User, PasswordFile!);
        return new RelayRoute(host, LookUpMx, Port ?? UsualPort, Lmtp, ImplicitTls, Tls ?? (login is null && !ImplicitTls ? TlsPolicyLevel.May : TlsPolicyLevel.Verify), login);
    }

    /// <summary>What is wrong with it, in words that say what to write.</summary>
    internal IEnumerable<string> Faults()
    {
        var isAddress = IPAddress.TryParse(Host, out _);
        if (!isAddress && !HostName.TryNormalize(Host, out _)) yield return "Host is neither a host name nor an address.";
        if (isAddress && LookUpMx) yield return "LookUpMx needs a domain as Host; an address has no MX.";
        if (Port is < 1 or > 65535) yield return "Port is between 1 and 65535.";
        if (ImplicitTls && Tls is TlsPolicyLevel.None or TlsPolicyLevel.May) yield return "with ImplicitTls Tls is Encrypt, Verify or Dane.";
        if ((User is null) != (PasswordFile is null)) yield return "User and PasswordFile belong together.";
        if (User is not null && Tls is TlsPolicyLevel.None or TlsPolicyLevel.May) yield return "a password goes over TLS only: Tls is Encrypt, Verify or Dane.";
        if (PasswordFile is not null && !File.Exists(PasswordFile)) yield return $"PasswordFile: there is no file {PasswordFile}.";
    }

    private int UsualPort => ImplicitTls ? Submissions : Lmtp ? LmtpPort : User is null ? Smtp : Submission;
}
