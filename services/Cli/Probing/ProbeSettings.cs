using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.Cli.Probing;

/// <summary>A mail port as a client reaches it.</summary>
/// <param name="TlsName">The name that its certificate must have.</param>
internal sealed record ProbedPort(string Host, int Port, string TlsName)
{
    /// <summary><c>host</c> or <c>host:port</c>.</summary>
    public static ProbedPort? TryParse(string text, int defaultPort, string? tlsName)
    {
        var colon = text.LastIndexOf(':');
        // An IPv6 address has its own colons and stands in brackets.
        if (colon < 0 || text.EndsWith(']')) return text.Length == 0 ? null : new ProbedPort(text.Trim('[', ']'), defaultPort, tlsName ?? text);
        var host = text[..colon].Trim('[', ']');
        return host.Length > 0 && int.TryParse(text.AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535 ? new ProbedPort(host, port, tlsName ?? host) : null;
    }
}

/// <summary>What a probe does in each round.</summary>
/// <param name="Pop3">Null: POP3 is left out.</param>
/// <param name="Timeout">For a round.</param>
/// <param name="Authorities">Believed besides those of the operating system.</param>
internal sealed record ProbeSettings(ProbedPort Submission, ProbedPort Imap, ProbedPort? Pop3, string Account, string Password, string To, TimeSpan Timeout, X509Certificate2Collection Authorities)
{
    /// <param name="refused">Is told in a sentence why a certificate is not believed.</param>
    public RemoteCertificateValidationCallback Judge(ProbedPort port, Action<string> refused) => (_, certificate, chain, errors) =>
    {
        if (WhyNot(port, certificate as X509Certificate2, chain, errors) is not { } reason) return true;
        refused($"the certificate of {port.Host}:{port.Port} {reason}");
        return false;
    };

    /// <summary>Null where it is believed.</summary>
    private string? WhyNot(ProbedPort port, X509Certificate2? leaf, X509Chain? chain, SslPolicyErrors errors)
    {
        if (leaf is null) return "is missing";
        if (!leaf.MatchesHostname(port.TlsName)) return $"is not for {port.TlsName}";
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None) return null;
        if (Authorities.Count == 0) return Tell(leaf, chain);
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (chain is not null) own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(leaf) ? null : Tell(leaf, own);
    }

    /// <summary>The time first: a certificate that has ended is the common case, and whoever sees that looks no further.</summary>
    private static string Tell(X509Certificate2 leaf, X509Chain? chain)
    {
        var status = chain?.ChainStatus.Select(found => found.Status).Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one) ?? X509ChainStatusFlags.NoError;
        return status.HasFlag(X509ChainStatusFlags.NotTimeValid)
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"is good from {leaf.NotBefore.ToUniversalTime():u} to {leaf.NotAfter.ToUniversalTime():u}, and not now")
            : $"is not believed ({status})";
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{nameof(ProbeSettings)} {Account}";
}

/// <summary>The steps of a round, in their order.</summary>
internal enum ProbeStep
{
    /// <summary>Connect to IMAP, log in, select INBOX.</summary>
    Login = 0,

    /// <summary>Connect to submission, log in, and the 250 after the message.</summary>
    Submit,

    /// <summary>From the 250 until IMAP shows the message; the client waits in IDLE.</summary>
    Visible,

    /// <summary>The message is what was sent.</summary>
    Fetch,

    /// <summary>The same over POP3.</summary>
    Pop3,

    /// <summary>It is removed again.</summary>
    Clean,
}

internal static class ProbeSteps
{
    /// <summary>As it stands in metrics and output: <c>submit</c>.</summary>
    public static string Name(this ProbeStep step) => step.ToString().ToLowerInvariant();
}

/// <summary>A step failed.</summary>
internal sealed class ProbeFailedException(ProbeStep step, string message, Exception? cause = null) : Exception(message, cause)
{
    public ProbeStep Step { get; } = step;
}
