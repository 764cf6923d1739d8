using System.Net;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.Accounts;

/// <summary>An account as the services need it; no credentials.</summary>
public sealed record Account
{
    public required AccountId Id { get; init; }

    /// <summary>The primary address, which is also the login.</summary>
    public required EmailAddress Address { get; init; }

    public string? DisplayName { get; init; }

    public bool Enabled { get; init; } = true;

    /// <summary>Of no person: its mailboxes are for those whom it grants rights, in the namespace of shared mailboxes, and nobody logs in to it.</summary>
    public bool Shared { get; init; }

    /// <summary>Octets; null is no limit.</summary>
    public long? QuotaOctets { get; init; }

    /// <summary>Messages; null is no limit.</summary>
    public long? QuotaMessages { get; init; }
}

/// <summary>What an address is to us (design §1.2). Aliases are followed one step at a time by the caller, who guards against loops.</summary>
public abstract record Resolution
{
    private Resolution() { }

    /// <summary>A mailbox here. <paramref name="Detail"/> is the tag of <c>user+tag</c>, else null.</summary>
    public sealed record LocalAccount(Account Account, string? Detail) : Resolution;

    /// <summary>An alias or a list; at least one target.</summary>
    public sealed record Alias(IReadOnlyList<EmailAddress> Targets) : Resolution;

    /// <summary>The domain is ours, the user is not known: 550 5.1.1.</summary>
    public sealed record UnknownUser : Resolution;

    /// <summary>The account is known and switched off: 550 5.2.1.</summary>
    public sealed record Disabled : Resolution;

    /// <summary>The domain is not ours.</summary>
    public sealed record Remote : Resolution;
}

public enum LoginProtocol
{
    Submission = 0,
    Imap = 1,
    Pop3 = 2,
    Admin = 3,
}

/// <summary>The answer to a login with a password or the proof of one.</summary>
public abstract record LoginOutcome
{
    private LoginOutcome() { }

    public sealed record Granted(Account Account) : LoginOutcome;

    /// <summary>Unknown login, wrong password or disabled account: the caller cannot tell which.</summary>
    public sealed record Denied : LoginOutcome;

    /// <summary>Too many failures from this address or for this login; try later.</summary>
    public sealed record Throttled(TimeSpan RetryAfter) : LoginOutcome;
}

/// <summary>The server's half of a SCRAM credential (RFC 5802 §3, RFC 7677).</summary>
public sealed record ScramCredential(ReadOnlyMemory<byte> Salt, int Iterations, ReadOnlyMemory<byte> StoredKey, ReadOnlyMemory<byte> ServerKey);

/// <summary>
/// Who exists and who may. UserDirectory implements it; the other services ask it, in the cluster over gRPC.
/// An outage is an exception and becomes a temporary error on the wire, never "unknown user".
/// </summary>
public interface IDirectory
{
    /// <summary>
    /// One step: the account, the alias's targets, a catch-all, or why not. Exact address before subaddress before wildcard before catch-all.
    /// An address that <see cref="RewriteSenderAsync"/> made is an alias of the sender that it stands for, for as long as a report may still come; another of that form is an unknown user.
    /// </summary>
    ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken);

    ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken);

    ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken);

    /// <summary>Checks a password. Costs the same time whether or not the login exists.</summary>
    ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken);

    /// <summary>SCRAM keys of a login; for an unknown login made-up keys that stay the same (RFC 5802 §9), so that its existence does not show. Null when throttled.</summary>
    ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken);

    /// <summary>Ends a SCRAM exchange: <paramref name="proven"/> tells whether the client's proof was right.</summary>
    ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken);

    /// <summary>May the account send with this reverse-path or From? Its own address, subaddresses of it, and aliases that lead to it alone may.</summary>
    ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken);

    /// <summary>
    /// The reverse-path with which mail is forwarded: an address of <paramref name="forwarder"/> that stands for a sender elsewhere (the Sender Rewriting Scheme), so that SPF passes and a report
    /// finds its way back; a sender in a domain of ours is left as it is. Null when no address of a lawful length can be made.
    /// </summary>
    /// <param name="forwarder">The domain of ours whose address forwards.</param>
    ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken);
}
