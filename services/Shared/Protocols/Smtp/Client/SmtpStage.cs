namespace Merpati.Protocols.Smtp.Client;

/// <summary>Where in the dialogue something happened.</summary>
public enum SmtpStage
{
    /// <summary>Before the first reply, the handshake of implicit TLS included.</summary>
    Greeting = 0,

    /// <summary>EHLO, HELO or LHLO.</summary>
    Hello = 1,

    /// <summary>STARTTLS, its handshake, and the EHLO after it.</summary>
    StartTls = 2,

    Auth = 3,

    Mail = 4,

    Rcpt = 5,

    /// <summary>DATA, up to its reply.</summary>
    Data = 6,

    /// <summary>The octets of the message.</summary>
    Text = 7,

    /// <summary>After the final dot, or after the last chunk.</summary>
    EndOfText = 8,

    Rset = 9,

    Quit = 10,
}

/// <summary>How a connection was lost.</summary>
public enum LossReason
{
    /// <summary>The server closed it, or the network did.</summary>
    Closed = 0,

    /// <summary>The server did not answer, or not take what we sent, in time (RFC 5321 §4.5.3.2).</summary>
    TimedOut = 1,

    /// <summary>What came is no reply, a reply without an end, or one that nobody asked for: we closed.</summary>
    Malformed = 2,

    /// <summary>We were asked to stop.</summary>
    Cancelled = 3,
}

/// <summary>A connection that ended too early.</summary>
/// <param name="Detail">In words, without a line break.</param>
public sealed record ConnectionLoss(SmtpStage Stage, LossReason Reason, string Detail);
