using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Pop3;

/// <summary>The ports of the engine.</summary>
public sealed record Pop3Ports(IDirectory Directory, IMailboxes Mailboxes, IMaildropLock Locks, IPop3Telemetry Telemetry)
{
    /// <summary>Null where no authorization server is configured.</summary>
    public ITokenCheck? Tokens { get; init; }

    /// <summary>Null where an account may log in as often as it likes.</summary>
    public LoginDelays? Delays { get; init; }
}

/// <summary>What the commands of one connection work on.</summary>
internal sealed class Pop3Session(ITransport transport, Pop3Ports ports, Pop3Settings settings)
{
    private int _failedLogins;

    internal Pop3State State { get; set; } = Pop3State.Authorization.Start;

    /// <summary>UTF8 was said (RFC 6856 §2.1).</summary>
    internal bool Utf8 { get; set; }

    internal Pop3Settings Settings => settings;

    internal IDirectory Directory => ports.Directory;

    internal IMailboxes Mailboxes => ports.Mailboxes;

    internal IPop3Telemetry Telemetry => ports.Telemetry;

    internal System.Net.IPAddress Client => transport.RemoteEndPoint.Address;

    /// <summary>What AUTH knows of the connection.</summary>
    internal SaslContext Sasl
    {
        get
        {
            var context = new SaslContext(Directory, LoginProtocol.Pop3, Client) { Tokens = ports.Tokens };
            return transport.Tls is { } tls ? context with { ChannelBindings = tls.ChannelBindings } : context;
        }
    }

    internal bool MayStartTls => transport.Tls is null && transport.CanUpgradeToTls;

    internal bool MayAuthenticate => transport.Tls is not null || settings.AllowPlaintextAuth;

    /// <summary>The maildrop; the command table lets a handler that asks for it run in TRANSACTION only.</summary>
    internal Maildrop Maildrop => ((Pop3State.Transaction)State).Maildrop;

    internal Account Account => ((Pop3State.Transaction)State).Account;

    /// <summary>From AUTHORIZATION to TRANSACTION: the lock first, so that what is listed stays (RFC 1939 §4).</summary>
    internal async ValueTask<Pop3Reply> OpenMaildropAsync(string mechanism, Account account, CancellationToken cancellationToken)
    {
        State = Pop3State.Authorization.Start;
        if (ports.Delays?.TryEnter(account.Id) == false)
        {
            Telemetry.LoginEnds(mechanism, LoginResult.TooSoon);
            return Pop3Reply.Err(ResponseCode.LoginDelay, "the last login is not long enough ago");
        }
        var held = await ports.Locks.TryAcquireAsync(account.Id, cancellationToken).ConfigureAwait(false);
        if (held is null)
        {
            Telemetry.LoginEnds(mechanism, LoginResult.InUse);
            return Pop3Reply.Err(ResponseCode.InUse, "another session has the maildrop open");
        }
        try
        {
            var maildrop = await Maildrop.OpenAsync(Mailboxes, account.Id, Utf8, cancellationToken).ConfigureAwait(false);
            State = new Pop3State.Transaction(account, maildrop, held);
            Telemetry.LoginEnds(mechanism, LoginResult.Granted);
            return Pop3Reply.Ok(string.Create(CultureInfo.InvariantCulture, $"maildrop has {maildrop.Count} messages ({maildrop.RemainingOctets} octets)"));
        }
        finally
        {
            if (State is not Pop3State.Transaction) await held.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Back to the start of AUTHORIZATION, or out of the door after too many tries.</summary>
    internal Pop3Reply RefuseLogin(string mechanism, LoginResult result, Pop3Reply reply)
    {
        State = Pop3State.Authorization.Start;
        Telemetry.LoginEnds(mechanism, result);
        return ++_failedLogins >= settings.MaxFailedLogins ? reply.AndClose() : reply;
    }

    internal Pop3Reply RefuseLogin(string mechanism, LoginResult result) => RefuseLogin(mechanism, result, result switch
    {
        LoginResult.Denied => Pop3Reply.Err(ResponseCode.Auth, "login or password is wrong"),
        LoginResult.Throttled => Pop3Reply.Err(ResponseCode.Temporary, "too many failed logins, try again later"),
        _ => throw new System.Diagnostics.UnreachableException(),
    });

    /// <summary>
    /// A message number as in LIST, RETR, DELE, TOP and UIDL: it must name a message that is not marked as deleted (RFC 1939 §5).
    /// </summary>
    internal bool TryFindMessage(string word, out int number, [NotNullWhen(false)] out Pop3Reply? refusal)
    {
        refusal = null;
        if (word.Length > 10 || !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            number = 0;
            refusal = word.AsSpan().ContainsAnyExceptInRange('0', '9') ? Pop3Reply.Syntax("a message number is expected") : Pop3Reply.Err("no such message");
        }
        else if (!Maildrop.Exists(number)) refusal = Pop3Reply.Err("no such message");
        else if (Maildrop.IsDeleted(number)) refusal = Pop3Reply.Err("message is marked as deleted");
        return refusal is null;
    }

    /// <summary>The message as it is now; null when another session (IMAP) has expunged it since the maildrop was opened.</summary>
    internal async ValueTask<MessageInfo?> FindMessageInfoAsync(int number, CancellationToken cancellationToken)
    {
        var uid = UidSet.Of(Maildrop.UidOf(number));
        await foreach (var message in Mailboxes.MessagesAsync(Account.Id, Maildrop.Mailbox, uid, cancellationToken).ConfigureAwait(false))
        {
            return Utf8 ? message : DowngradedMessage.Of(message);
        }
        return null;
    }

    /// <summary>Gives the lock back, whatever happens; marks for deletion are forgotten.</summary>
    internal async ValueTask CloseMaildropAsync()
    {
        if (State is not Pop3State.Transaction transaction) return;
        State = Pop3State.Authorization.Start;
        await transaction.Lock.DisposeAsync().ConfigureAwait(false);
    }
}
