using Merpati.Mailboxes;

namespace Merpati.Protocols.Pop3;

/// <summary>What a session tells the service about itself, for metrics and traces. No call may throw or wait.</summary>
public interface IPop3Telemetry
{
    /// <summary>A command begins; what comes back (a span, or nothing) is disposed when its reply is written.</summary>
    IDisposable? CommandStarts(string verb);

    /// <param name="verb">A verb of the command table, or "unknown".</param>
    void CommandEnds(string verb, bool ok, TimeSpan elapsed);

    void LoginEnds(string mechanism, LoginResult result);

    /// <summary>RETR or TOP begins to read a message.</summary>
    void MessageRead(MessageInfo message);

    /// <summary>RETR or TOP sent a message to its end.</summary>
    void MessageSent(long octets);

    /// <summary>QUIT removed messages.</summary>
    void MessagesRemoved(AccountId account, int count);
}

public enum LoginResult
{
    Granted,
    Denied,
    Throttled,

    /// <summary>The credentials are right, and another session holds the maildrop.</summary>
    InUse,

    /// <summary>The credentials are right, and the last login is less than LOGIN-DELAY ago.</summary>
    TooSoon,

    /// <summary>The client gave up or broke the mechanism's grammar.</summary>
    Abandoned,
}
