namespace Merpati.Relaying;

/// <summary>Why a session was not as the policy wants it: the result types of RFC 8460 §4.3.</summary>
public enum TlsFailure
{
    /// <summary>Anything that has no name of its own: <c>validation-failure</c>.</summary>
    ValidationFailure = 0,

    /// <summary>The host offers no STARTTLS.</summary>
    StartTlsNotSupported = 1,

    /// <summary>The certificate is for other names.</summary>
    CertificateHostMismatch = 2,

    CertificateExpired = 3,

    CertificateNotTrusted = 4,

    /// <summary>No TLSA record is usable, or none matches.</summary>
    TlsaInvalid = 5,

    /// <summary>The resolver could not validate what it found.</summary>
    DnssecInvalid = 6,

    /// <summary>We insist on DANE and there is none.</summary>
    DaneRequired = 7,

    /// <summary>The MTA-STS policy could not be fetched.</summary>
    StsPolicyFetchError = 8,

    /// <summary>The MTA-STS policy could not be understood.</summary>
    StsPolicyInvalid = 9,

    /// <summary>The web server of the MTA-STS policy has no valid certificate.</summary>
    StsWebPkiInvalid = 10,
}
