using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Sasl;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Imap;

/// <summary>What the commands of one connection work on.</summary>
internal sealed partial class ImapSession : IDisposable
{
    private readonly CancellationTokenSource _ended;

    public ImapSession(ImapEngine engine, ITransport transport, SessionLifetime lifetime)
    {
        Engine = engine;
        Transport = new CompressibleTransport(transport);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(lifetime.Aborted);
        Id = Guid.CreateVersion7(engine.Time.GetUtcNow()).ToString("N")[8..20];
        Output = new ResponseWriter(Transport, engine.Time, engine.Options.StallTimeout, Aborted);
        Input = new ImapInput(Transport, Output, engine.Time, lifetime, engine.Options.GonePatience, Lose);
        Reader = new CommandReader(Input, Output, engine.Options);
        NotAuthenticatedSince = engine.Time.GetTimestamp();
    }

    public ImapEngine Engine { get; }

    public CompressibleTransport Transport { get; }

    /// <summary>Stop now: the server says so, or the client went away while a command ran.</summary>
    public CancellationToken Aborted => _ended.Token;

    /// <summary>The client went away while a command ran.</summary>
    public bool IsLost { get; private set; }

    /// <summary>In log lines.</summary>
    public string Id { get; }

    public ResponseWriter Output { get; }

    public ImapInput Input { get; }

    public CommandReader Reader { get; }

    public ImapOptions Options => Engine.Options;

    public IMailboxes Mailboxes => Engine.Mailboxes;

    public ILogger Log => Engine.Log;

    public SessionState State { get; private set; } = new SessionState.NotAuthenticated();

    /// <summary>From when on the patience for a login is counted, a timestamp.</summary>
    public long NotAuthenticatedSince { get; private set; }

    /// <summary>The account; the command table lets no command ask before login.</summary>
    public Account Account => State switch
    {
        SessionState.Authenticated authenticated => authenticated.Account,
        SessionState.Selected selected => selected.Account,
        _ => throw new InvalidOperationException("Nobody is logged in."),
    };

    /// <summary>The selected mailbox; the command table lets no command ask that is not of the selected state.</summary>
    public SelectedMailbox Selected => TrySelected ?? throw new InvalidOperationException("No mailbox is selected.");

    public SelectedMailbox? TrySelected => (State as SessionState.Selected)?.Mailbox;

    /// <summary>Passwords may be sent: the connection is encrypted, or the operator said that it need not be.</summary>
    public bool MayAuthenticate => Transport.Tls is not null || Options.AllowPlaintextAuth;

    /// <summary>What AUTHENTICATE knows of the connection.</summary>
    public SaslContext Sasl
    {
        get
        {
            var context = new SaslContext(Engine.Directory, LoginProtocol.Imap, Transport.RemoteEndPoint.Address) { Tokens = Engine.Tokens };
            return Transport.Tls is { } tls ? context with { ChannelBindings = tls.ChannelBindings } : context;
        }
    }

    /// <summary>The tag of the running command, for ESEARCH (RFC 4466 §2.6.2).</summary>
    public string Tag { get; set; } = "";

    /// <summary>What the client has enabled so far.</summary>
    public Extensions Enabled { get; private set; }

    /// <summary>The client knows mod-sequences (RFC 7162 §3.1).</summary>
    public bool CondStoreEnabled => Enabled.HasFlag(Extensions.CondStore);

    public bool QResyncEnabled => Enabled.HasFlag(Extensions.QResync);

    public bool Rev2 => Enabled.HasFlag(Extensions.Rev2);

    public bool UidOnly => Enabled.HasFlag(Extensions.UidOnly);

    /// <summary>
    /// From here on the server speaks to the client as to one that knows these. Who enables CONDSTORE with a mailbox selected has not been
    /// told its HIGHESTMODSEQ as of now (RFC 7162 §3.1).
    /// </summary>
    public void Enable(Extensions extensions)
    {
        if (extensions.HasFlag(Extensions.QResync)) extensions |= Extensions.CondStore;
        var fresh = extensions & ~Enabled;
        Enabled |= extensions;
        SpeakUtf8(Rev2 || Enabled.HasFlag(Extensions.Utf8Accept));
        if (Rev2) TrySelected?.View.ForgetRecent();
        if (fresh.HasFlag(Extensions.CondStore) && TrySelected is { } mailbox) WriteHighestModSeq(mailbox.View.ToldModSeq);
    }

    /// <summary>
    /// IMAP4rev2 or UTF8=ACCEPT is enabled: names of mailboxes are in UTF-8, both ways, and in modified UTF-7 before (RFC 9051 §5.1, RFC 9755 §3); strings are quoted in UTF-8; and messages
    /// are sent as they are, not as <see cref="DowngradedMessage"/>.
    /// </summary>
    public bool Utf8 => Output.Utf8;

    private void SpeakUtf8(bool utf8) => Output.Utf8 = Reader.Utf8 = utf8;

    /// <summary>A message as this client is shown it.</summary>
    public MessageInfo Shown(MessageInfo message) => Utf8 ? message : DowngradedMessage.Of(message);

    /// <summary>The capabilities are other ones now, and the client is spared to ask (RFC 3501 §7.1 CAPABILITY).</summary>
    public async ValueTask<Completion> LogInAsync(Account account, CancellationToken cancellationToken)
    {
        await Mailboxes.EnsureAccountAsync(account.Id, cancellationToken).ConfigureAwait(false);
        State = new SessionState.Authenticated(account);
        Log.LoggedIn(Id, Transport.RemoteEndPoint, account.Id);
        return Completion.OkWith($"CAPABILITY {Capabilities.For(this)}", "Logged in");
    }

    public void LogOut()
    {
        Unwatch();
        Deselect();
        Enabled = Extensions.None;
        SpeakUtf8(false);
        State = new SessionState.NotAuthenticated();
        NotAuthenticatedSince = Engine.Time.GetTimestamp();
    }

    public Completion RefuseLogin()
    {
        Log.LoginRefused(Id, Transport.RemoteEndPoint);
        return Completion.No("AUTHENTICATIONFAILED", "Wrong user name or password");
    }

    /// <summary>Opens a mailbox; the view is of its snapshot. The bell is hung up first, so that no change falls between.</summary>
    public SelectedMailbox Select(ReachedMailbox mailbox, MailboxView view, bool examined)
    {
        var account = Account;
        Deselect();
        var selected = new SelectedMailbox(mailbox, view, examined, Engine, OnRing);
        // What changed between the snapshot and the subscription was not heard.
        selected.Ring();
        State = new SessionState.Selected(account, selected);
        return selected;
    }

    public void Deselect()
    {
        if (State is not SessionState.Selected selected) return;
        selected.Mailbox.Dispose();
        State = new SessionState.Authenticated(selected.Account);
    }

    public void Dispose()
    {
        Unwatch();
        Deselect();
        Input.Dispose();
        Transport.Dispose();
        _ended.Dispose();
    }

    private void Lose()
    {
        IsLost = true;
        _ended.Cancel();
    }
}

/// <summary>The selected mailbox was deleted by another session, or may not be read any more; this one can only end (RFC 2180 §3.3, RFC 4314 §5.1.1).</summary>
/// <param name="goodbye">What the BYE says.</param>
/// <param name="reason">What is said to the command that comes too late.</param>
internal sealed class MailboxGoneException(string goodbye, string reason) : Exception(goodbye)
{
    public MailboxGoneException()
        : this("The selected mailbox was deleted", "The mailbox was deleted by another session") { }

    public string Reason => reason;
}
