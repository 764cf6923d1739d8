namespace Merpati.SmtpIngress;

/// <summary>What a listener is for.</summary>
public enum SmtpRole
{
    /// <summary>Port 25: takes mail for local recipients from anybody.</summary>
    Mx = 0,

    /// <summary>Ports 587 and 465: takes mail from our own users, after AUTH (RFC 6409, RFC 8314).</summary>
    Submission = 1,
}
