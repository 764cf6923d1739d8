using Merpati.Addresses;

namespace Merpati.Accounts;

/// <summary>A domain we serve.</summary>
/// <param name="Name">Normalized (<see cref="DomainName.Normalize"/>).</param>
/// <param name="CatchAll">Where mail for unknown users goes; null refuses them.</param>
public sealed record LocalDomain(string Name, EmailAddress? CatchAll);

/// <summary>
/// An address that stands for others. The local part may end in or contain '*' (a wildcard mailbox, as qmail's): the longest literal match wins.
/// </summary>
public sealed record AddressAlias(EmailAddress Address, IReadOnlyList<EmailAddress> Targets);

/// <summary>Password verifiers of an account: an Argon2id string in PHC form and SCRAM-SHA-256 keys. No plain text anywhere.</summary>
public sealed record Credential(string Argon2id, ScramCredential Scram);

/// <summary>The end of an administrative change.</summary>
public enum DirectoryOutcome
{
    Done = 0,
    AlreadyExists,
    NotFound,

    /// <summary>The domain of the address is not ours.</summary>
    NoSuchDomain,

    /// <summary>A domain that still has accounts or aliases is not removed.</summary>
    InUse,

    /// <summary>The alias would lead back to itself.</summary>
    Loop,

    /// <summary>A catch-all is not local: what spammers make up would go on to other servers in our name.</summary>
    RemoteTarget,
}
