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
    public RemoteCertificateValidationCallback Judge(ProbedPort port) => (_, certificate, chain, errors) =>
    {
        if (certificate is not X509Certificate2 leaf || !leaf.MatchesHostname(port.TlsName)) return false;
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None) return true;
        if (Authorities.Count == 0) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (chain is not null) own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        return own.Build(leaf);
    };

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
