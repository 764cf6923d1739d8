namespace Merpati.Protocols.Imap;

/// <summary>Limits and manners of the IMAP engine.</summary>
public sealed record ImapOptions
{
    /// <summary>In the greeting.</summary>
    public string ServerName { get; init; } = "Merpati";

    /// <summary>A URI by which users reach the administrator: <c>/shared/admin</c> of the server (RFC 5464 §6.2.1). Null is none.</summary>
    public string? AdminContact { get; init; }

    /// <summary>What users may like to know of the server: <c>/shared/comment</c> (RFC 5464 §6.2.1). Null is nothing.</summary>
    public string? ServerComment { get; init; }

    /// <summary>Mailboxes may be shared with accounts of other domains. Else each domain is by itself, and <c>anyone</c> is anyone of the owner's domain.</summary>
    public bool ShareAcrossDomains { get; init; }

    /// <summary>LOGIN and AUTHENTICATE without TLS: for tests on loopback only.</summary>
    public bool AllowPlaintextAuth { get; init; }

    /// <summary>Largest message that APPEND takes, octets (RFC 7889 APPENDLIMIT).</summary>
    public long AppendLimit { get; init; } = 50 * 1024 * 1024;

    /// <summary>Messages in one APPEND (RFC 3502).</summary>
    public int MaxMessagesPerAppend { get; init; } = 500;

    /// <summary>One line of a command, octets. UID sets of real clients grow past 8 KiB.</summary>
    public int MaxLineLength { get; init; } = 64 * 1024;

    public int MaxLineLengthBeforeLogin { get; init; } = 8 * 1024;

    /// <summary>A literal that is not a message, octets.</summary>
    public int MaxLiteralLength { get; init; } = 64 * 1024;

    public int MaxLiteralLengthBeforeLogin { get; init; } = 4 * 1024;

    /// <summary>All lines and literals of one command but the message of APPEND, octets.</summary>
    public int MaxCommandLength { get; init; } = 256 * 1024;

    public int MaxLiteralsPerCommand { get; init; } = 256;

    /// <summary>Octets of a refused literal that are read and dropped to keep the connection; more ends it (RFC 7888 §4).</summary>
    public long MaxDiscard { get; init; } = 256 * 1024 * 1024;

    public long MaxDiscardBeforeLogin { get; init; } = 64 * 1024;

    /// <summary>Syntax errors, unknown commands and failed logins before the connection is closed.</summary>
    public int MaxBadCommandsBeforeLogin { get; init; } = 20;

    /// <summary>From the greeting to a login.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Autologout; at least 30 minutes (RFC 3501 §5.4).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A client that takes none of our octets, or sends none of a literal, for so long is gone.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>SEARCH, SORT, THREAD or FETCH that takes longer than this is stopped when the client has closed the connection.</summary>
    public TimeSpan GonePatience { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Mailboxes that one session watches by NOTIFY.</summary>
    public int MaxWatchedMailboxes { get; init; } = 50_000;

    /// <summary>A command that waits for the store tells the client so this often (RFC 9585).</summary>
    public TimeSpan ProgressInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>In IDLE the mailbox is looked at this often even if nobody rings.</summary>
    public TimeSpan IdlePoll { get; init; } = TimeSpan.FromMinutes(1);
}
