using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>GETQUOTA (RFC 9208 §4.2): an account has one quota root, and only if it has a limit.</summary>
internal sealed record GetQuota(string Root) : Command
{
    /// <summary>The name of the account's quota root.</summary>
    private const string RootName = "User quota";

    private static readonly Completion NoSuchRoot = Completion.No("NONEXISTENT", "There is no such quota root");

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new GetQuota(Encoding.Latin1.GetString(scanner.AString("a quota root")));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var usage = await session.Mailboxes.QuotaAsync(session.Account.Id, cancellationToken).ConfigureAwait(false);
        if (Root != RootName || !HasRoot(usage)) return NoSuchRoot;
        Write(session.Output, usage);
        return Completion.Ok;
    }

    /// <summary>Without a limit there is no root: nothing that a client could show.</summary>
    public static bool HasRoot(QuotaUsage usage) => usage.OctetLimit is not null || usage.MessageLimit is not null;

    public static ResponseWriter WriteRoot(ResponseWriter output) => output.AString(RootName);

    /// <summary>The QUOTA response (RFC 9208 §5.1): only what is limited. STORAGE is in units of 1,024 octets, begun ones counted.</summary>
    public static void Write(ResponseWriter output, QuotaUsage usage)
    {
        WriteRoot(output.Raw("* QUOTA "u8)).Raw(" ("u8);
        if (usage.OctetLimit is { } octets) output.Raw("STORAGE "u8).Number((usage.Octets + 1023) / 1024).Raw(" "u8).Number(octets / 1024);
        if (usage is { OctetLimit: not null, MessageLimit: not null }) output.Raw(" "u8);
        if (usage.MessageLimit is { } messages) output.Raw("MESSAGE "u8).Number(usage.Messages).Raw(" "u8).Number(messages);
        output.Raw(")\r\n"u8);
    }
}
