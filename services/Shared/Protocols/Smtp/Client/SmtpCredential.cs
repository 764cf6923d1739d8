namespace Merpati.Protocols.Smtp.Client;

/// <summary>What we prove to a smart host who we are with (RFC 4954). It goes over TLS only.</summary>
public abstract record SmtpCredential
{
    private SmtpCredential() { }

    /// <summary>By SCRAM-SHA-256, PLAIN or LOGIN, the first that the server offers.</summary>
    public sealed record Password(string User, string Secret) : SmtpCredential
    {
        /// <summary>Without the secret.</summary>
        public override string ToString() => User;
    }

    /// <summary>A bearer token, by XOAUTH2.</summary>
    public sealed record Token(string User, string Bearer) : SmtpCredential
    {
        /// <summary>Without the secret.</summary>
        public override string ToString() => User;
    }
}
