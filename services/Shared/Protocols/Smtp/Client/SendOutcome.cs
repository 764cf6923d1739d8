namespace Merpati.Protocols.Smtp.Client;

/// <summary>What a message needs and the server does not offer.</summary>
[Flags]
public enum ServerLack
{
    None = 0,

    /// <summary>The octets are 8bit, and the server has no 8BITMIME (RFC 6152).</summary>
    EightBitMime = 1,

    /// <summary>The octets are binary, and the server has no BINARYMIME with CHUNKING (RFC 3030).</summary>
    BinaryMime = 2,

    /// <summary>An address or the header is in UTF-8, and the server has no SMTPUTF8 (RFC 6531).</summary>
    SmtpUtf8 = 4,

    /// <summary>The message is larger than the server takes (RFC 1870 §6.1).</summary>
    Size = 8,

    /// <summary>The message needs a protected way, and the server has no REQUIRETLS, or the connection no TLS (RFC 8689 §4.2.1).</summary>
    RequireTls = 16,
}

/// <summary>What became of a message at one server.</summary>
public abstract record SendOutcome
{
    private SendOutcome() { }

    /// <summary>Nothing was sent, as the server cannot take the message as it is; the connection is as before.</summary>
    public sealed record Unsuitable(ServerLack Lacks) : SendOutcome;

    /// <summary>The message was offered.</summary>
    /// <param name="Recipients">One for each recipient of the envelope, in its order.</param>
    public sealed record Offered(IReadOnlyList<RecipientOutcome> Recipients) : SendOutcome;
}

/// <summary>What became of a message for one recipient.</summary>
public abstract record RecipientOutcome
{
    private RecipientOutcome() { }

    /// <summary>The server has it, and its promise.</summary>
    /// <param name="Reply">To the final dot or the last chunk; of LMTP, the recipient's own.</param>
    /// <param name="ReadAt">When that was read, by <see cref="TimeProvider.GetTimestamp"/>.</param>
    public sealed record Accepted(RemoteReply Reply, long ReadAt) : RecipientOutcome;

    /// <summary>The server does not take it: for good (5yz), or not now (4yz, 421 included).</summary>
    /// <param name="Stage">Where it said so.</param>
    /// <param name="NextTransaction">It were too many recipients at once (RFC 5321 §4.5.3.1.10): this one may be offered again in a transaction of its own, at once.</param>
    public sealed record Refused(SmtpStage Stage, RemoteReply Reply, bool NextTransaction = false) : RecipientOutcome
    {
        /// <summary>552 for too many recipients counts as 452 (RFC 5321 §4.5.3.1.10).</summary>
        public bool IsPermanent => Reply.IsPermanent && !NextTransaction;
    }

    /// <summary>The connection was lost before the end of the message was sent: the server does not have it.</summary>
    public sealed record Lost(ConnectionLoss Loss) : RecipientOutcome;

    /// <summary>The connection was lost after the end of the message was sent, and before the reply: nobody knows.</summary>
    public sealed record Unknown(ConnectionLoss Loss) : RecipientOutcome;

    /// <summary>The octets cannot travel by DATA: a CR or LF that is not part of CRLF (RFC 5321 §2.3.8). The server does not have it, and the connection is closed.</summary>
    public sealed record Unsendable(string Reason) : RecipientOutcome;
}
