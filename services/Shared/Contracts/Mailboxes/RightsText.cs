namespace Merpati.Mailboxes;

/// <summary>Rights as letters (RFC 4314 §2.1), with the virtual rights of RFC 2086: <c>c</c> is k and x, <c>d</c> is t and e (§2.1.1).</summary>
public static class RightsText
{
    private const string Letters = "lrswipkxtea";

    private const MailboxRights C = MailboxRights.Create | MailboxRights.DeleteMailbox;

    private const MailboxRights D = MailboxRights.DeleteMessages | MailboxRights.Expunge;

    /// <summary>What anybody but the owner can be granted: each right by itself.</summary>
    public const string Optional = "l r s w i p k x t e a c d";

    /// <summary>In the order of RFC 4314 §2.1, the virtual rights last.</summary>
    public static string Format(MailboxRights rights)
    {
        var letters = string.Concat(Letters.Where(letter => rights.HasFlag(Right(letter))));
        return letters + ((rights & C) == MailboxRights.None ? "" : "c") + ((rights & D) == MailboxRights.None ? "" : "d");
    }

    /// <summary>Null where a letter is none of a right that there is.</summary>
    public static MailboxRights? TryParse(ReadOnlySpan<char> text)
    {
        var rights = MailboxRights.None;
        foreach (var letter in text)
        {
            var right = Right(letter);
            if (right == MailboxRights.None) return null;
            rights |= right;
        }
        return rights;
    }

    private static MailboxRights Right(char letter) => letter switch
    {
        'l' => MailboxRights.Lookup,
        'r' => MailboxRights.Read,
        's' => MailboxRights.Seen,
        'w' => MailboxRights.Write,
        'i' => MailboxRights.Insert,
        'p' => MailboxRights.Post,
        'k' => MailboxRights.Create,
        'x' => MailboxRights.DeleteMailbox,
        't' => MailboxRights.DeleteMessages,
        'e' => MailboxRights.Expunge,
        'a' => MailboxRights.Administer,
        'c' => C,
        'd' => D,
        _ => MailboxRights.None,
    };
}
