using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The name of another's mailbox (RFC 2342): <c>Other Users/ann@example.org/Projects</c>, and <c>Shared/team@example.org/INBOX</c> where the account is of no person.
/// </summary>
/// <param name="OfSharedAccount">In the namespace of shared mailboxes, not in that of other users.</param>
/// <param name="Inside">The name in the account of the owner.</param>
internal readonly record struct ForeignName(bool OfSharedAccount, EmailAddress Owner, MailboxName Inside)
{
    public const string OtherUsers = "Other Users";

    public const string Shared = "Shared";

    private static string Root(bool ofSharedAccount) => ofSharedAccount ? Shared : OtherUsers;

    /// <summary>Null for a name of no such form, one's own then.</summary>
    public static ForeignName? TryParse(MailboxName name)
    {
        var levels = name.Value.Split(MailboxName.Delimiter, 3);
        if (levels.Length < 3 || levels[0] is not (OtherUsers or Shared) || !EmailAddress.TryParse(levels[1], out var owner) || !MailboxName.TryParse(levels[2], out var inside)) return null;
        return new ForeignName(levels[0] == Shared, owner, inside);
    }

    /// <summary>Null where the address or the whole is no name of a mailbox.</summary>
    public static MailboxName? Of(Account owner, MailboxName inside)
    {
        var address = owner.Address.ToString();
        if (address.Contains(MailboxName.Delimiter, StringComparison.Ordinal)) return null;
        return MailboxName.TryParse($"{Root(owner.Shared)}{MailboxName.Delimiter}{address}{MailboxName.Delimiter}{inside.Value}", out var name) ? name : null;
    }

    /// <summary>Where no mailboxes of one's own come into being, so that nobody takes them for another's. One that was there before is reached as ever.</summary>
    public static bool IsReserved(MailboxName name) => name.Value.Split(MailboxName.Delimiter, 2)[0] is OtherUsers or Shared;
}
