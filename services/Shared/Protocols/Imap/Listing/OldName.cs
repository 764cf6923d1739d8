using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>
/// The LIST response with OLDNAME (RFC 9051 §6.3.9.7): under which name a mailbox is found that the client knows by another.
/// Only to a client that speaks UTF-8 in names: to others it would be news of a kind that they never asked for.
/// </summary>
internal static class OldName
{
    /// <summary>After CREATE or DELETE, where the client did not write the name in NFC; else nothing.</summary>
    /// <param name="exists">False after DELETE.</param>
    public static void WriteIfDenormalized(ImapSession session, MailboxArgument supplied, bool exists)
    {
        if (supplied.Denormalized is { } other) Write(session, supplied.Name!.Value, other, exists);
    }

    public static void Write(ImapSession session, MailboxName name, string supplied, bool exists)
    {
        if (!session.Utf8) return;
        session.Output.Raw(exists ? "* LIST () \"/\" "u8 : "* LIST (\\NonExistent) \"/\" "u8).Mailbox(name)
            .Raw(" (\"OLDNAME\" ("u8).Mailbox(supplied).Raw("))\r\n"u8);
    }
}
