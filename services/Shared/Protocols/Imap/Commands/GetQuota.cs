using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>GETQUOTA (RFC 9208 §4.2): an account has one quota root, and only if it has a limit.</summary>
internal sealed record GetQuota(string Root) : Command
{
    /// <summary>The name of the account's quota root.</summary>
    private const string RootName = "User quota";

    /// <summary>Before the address, where mailboxes of another are looked at.</summary>
    private const string OfOther = RootName + " of ";

    private static readonly Completion NoSuchRoot = Completion.No("NONEXISTENT", "There is no such quota root");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new GetQuota(scanner.Text(scanner.AString("a quota root")));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (await FindOwnerAsync(session, cancellationToken).ConfigureAwait(false) is not { } owner) return NoSuchRoot;
        var usage = await session.Mailboxes.QuotaAsync(owner, cancellationToken).ConfigureAwait(false);
        if (!HasRoot(usage)) return NoSuchRoot;
        Write(session.Output, Root, usage);
        return Completion.Ok;
    }

    /// <summary>The account, or another of which one may read a mailbox.</summary>
    private async ValueTask<AccountId?> FindOwnerAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Root == RootName) return session.Account.Id;
        if (!Root.StartsWith(OfOther, StringComparison.Ordinal)) return null;
        var reached = await session.ListAsync(withForeign: true, cancellationToken).ConfigureAwait(false);
        return reached.FirstOrDefault(mailbox => mailbox.May(MailboxRights.Read) && RootOf(mailbox) == Root)?.Owner;
    }

    /// <summary>The name of the root that a mailbox counts in.</summary>
    public static string RootOf(ReachedMailbox mailbox) => mailbox.IsOwn ? RootName : OfOther + ForeignName.TryParse(mailbox.Name)!.Value.Owner;

    /// <summary>Without a limit there is no root: nothing that a client could show.</summary>
    public static bool HasRoot(QuotaUsage usage) => usage.OctetLimit is not null || usage.MessageLimit is not null;

    /// <summary>The QUOTA response (RFC 9208 §5.1): only what is limited. STORAGE is in units of 1,024 octets, begun ones counted.</summary>
    public static void Write(ResponseWriter output, string root, QuotaUsage usage)
    {
        output.Raw("* QUOTA "u8).AString(root).Raw(" ("u8);
        if (usage.OctetLimit is { } octets) output.Raw("STORAGE "u8).Number((usage.Octets + 1023) / 1024).Raw(" "u8).Number(octets / 1024);
        if (usage is { OctetLimit: not null, MessageLimit: not null }) output.Raw(" "u8);
        if (usage.MessageLimit is { } messages) output.Raw("MESSAGE "u8).Number(usage.Messages).Raw(" "u8).Number(messages);
        output.Raw(")\r\n"u8);
    }
}
