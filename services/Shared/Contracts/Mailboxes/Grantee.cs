using Merpati.Addresses;

namespace Merpati.Mailboxes;

/// <summary>Whom a grant is for: one account, all accounts of a domain, or all accounts. An account is named by its id, so that a new one of the same address has nothing of the old.</summary>
public readonly record struct Grantee
{
    /// <summary>The name of all accounts (RFC 4314 §2), and before the domain that of all accounts of a domain.</summary>
    public const string Everyone = "anyone";

    private readonly string? _key;

    private Grantee(string key) => _key = key;

    public static Grantee Anyone { get; } = new(Everyone);

    public static Grantee Of(AccountId account) => new(account.ToString());

    public static Grantee AnyoneOf(string domain) => new($"{Everyone}@{DomainName.Normalize(domain)}");

    /// <summary>How it is stored and sent: 32 hexadecimal digits, <c>anyone</c> or <c>anyone@domain</c>.</summary>
    public string Key => _key ?? Everyone;

    /// <summary>Null for a group.</summary>
    public AccountId? Account => AccountId.TryParse(Key, out var account) ? account : null;

    /// <summary>Null where it is one account, or all.</summary>
    public string? Domain => Key.StartsWith(Everyone + "@", StringComparison.Ordinal) ? Key[(Everyone.Length + 1)..] : null;

    public static bool TryParse(string? key, out Grantee grantee)
    {
        grantee = new Grantee(key ?? "");
        return grantee.Account is not null || key == Everyone || grantee.Domain is { Length: > 0 };
    }

    public override string ToString() => Key;
}
