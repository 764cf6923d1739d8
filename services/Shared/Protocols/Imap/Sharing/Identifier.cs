using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Whom SETACL, DELETEACL and LISTRIGHTS name (RFC 4314 §2): the address of an account, its local part where it is of the owner's domain, <c>anyone</c>, or <c>anyone@domain</c>; after '-' for negative rights.
/// </summary>
/// <param name="IsOwner">It is the account whose mailbox it is, or one that says so.</param>
internal readonly record struct Identifier(Grantee Grantee, bool Negative, bool IsOwner)
{
    private const int MaxLength = 320;

    private static readonly Completion Unknown = Completion.No("NONEXISTENT", "There is no such account or group");

    private static readonly Completion OtherDomain = Completion.No("NOPERM", "Mailboxes are not shared with other domains");

    /// <summary>As the client sent it; null, the scanner having failed, for what can be no identifier.</summary>
    public static string? Parse(ref CommandScanner scanner)
    {
        var text = scanner.Text(scanner.AString("an identifier"));
        if (text.Length is > 0 and <= MaxLength && text != "-" && !text.Any(char.IsControl)) return text;
        if (!scanner.Failed) scanner.Fail("Such an identifier is not possible");
        return null;
    }

    /// <summary>Who that is to the owner of a mailbox, or why it is nobody.</summary>
    public static async ValueTask<(Identifier? Identifier, Completion Refusal)> FindAsync(ImapSession session, Account owner, string text, CancellationToken cancellationToken)
    {
        var negative = text[0] == '-';
        var name = negative ? text[1..] : text;
        if (name.Equals(Grantee.Everyone, StringComparison.OrdinalIgnoreCase)) return Found(Grantee.Anyone);
        if (!name.Contains('@', StringComparison.Ordinal)) name = $"{name}@{owner.Address.Domain}";
        if (!EmailAddress.TryParse(name, out var address)) return (null, Unknown);
        if (!session.Options.ShareAcrossDomains && address.Domain != owner.Address.Domain) return (null, OtherDomain);
        if (address.LocalPart.Equals(Grantee.Everyone, StringComparison.OrdinalIgnoreCase))
            return await session.Engine.Directory.IsLocalDomainAsync(address.Domain, cancellationToken).ConfigureAwait(false) ? Found(Grantee.AnyoneOf(address.Domain)) : (null, Unknown);
        return await session.Engine.Directory.FindAccountAsync(address, cancellationToken).ConfigureAwait(false) is { } account ? Found(Grantee.Of(account.Id)) : (null, Unknown);

        (Identifier?, Completion) Found(Grantee grantee) => (new Identifier(grantee, negative, grantee.Account == owner.Id), default);
    }

    /// <summary>As GETACL names the entry; null where the account is no more.</summary>
    public static async ValueTask<string?> NameAsync(ImapSession session, MailboxGrant grant, CancellationToken cancellationToken)
    {
        var name = grant.Grantee.Key;
        if (grant.Grantee.Account is { } id) name = (await session.Engine.Directory.GetAccountAsync(id, cancellationToken).ConfigureAwait(false))?.Address.ToString();
        return name is null || !grant.Negative ? name : "-" + name;
    }
}
