using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Imap;

/// <summary>What an engine tells of its sessions, for meters. Called on the session's thread; must not block or throw.</summary>
public interface IImapObserver
{
    /// <returns>Disposed when the command is answered: a span. Or null.</returns>
    IDisposable? CommandStarting(string verb);

    /// <summary>The command reads octets of the message.</summary>
    void MessageRead(MessageInfo message);

    /// <param name="verb">A verb of the command table; <c>unknown</c> for anything else.</param>
    /// <param name="status">OK, NO or BAD.</param>
    void CommandCompleted(string verb, string status, TimeSpan elapsed);
}

/// <summary>An IMAP4rev1 and IMAP4rev2 server over the ports: one for all connections (RFC 3501, RFC 9051 and the extensions it advertises).</summary>
public sealed class ImapEngine(
    ImapOptions options, IDirectory directory, IMailboxes mailboxes, IMailboxChangeFeed feed, TimeProvider time, ILogger log, IImapObserver? observer = null, ITokenCheck? tokens = null)
{
    internal ImapOptions Options => options;

    internal IDirectory Directory => directory;

    internal IMailboxes Mailboxes => mailboxes;

    internal IMailboxChangeFeed Feed => feed;

    internal TimeProvider Time => time;

    internal ILogger Log => log;

    internal IImapObserver? Observer => observer;

    internal ITokenCheck? Tokens => tokens;

    /// <summary>Serves one connection from greeting to goodbye. With implicit TLS the transport is encrypted already. The caller closes it.</summary>
    public async ValueTask RunAsync(ITransport transport, SessionLifetime lifetime)
    {
        using var session = new ImapSession(this, transport, lifetime);
        await new ImapConnection(session).RunAsync().ConfigureAwait(false);
    }
}
