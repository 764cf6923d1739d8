using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;

namespace Merpati.Protocols.Imap;

/// <summary>What the commands of one connection work on.</summary>
internal sealed class ImapSession : IDisposable
{
    private const int RangesInALine = 500;

    private volatile bool _idling;

    public ImapSession(ImapEngine engine, ITransport transport, SessionLifetime lifetime)
    {
        Engine = engine;
        Transport = transport;
        Aborted = lifetime.Aborted;
        Id = Guid.CreateVersion7(engine.Time.GetUtcNow()).ToString("N")[8..20];
        Output = new ResponseWriter(transport, engine.Time, engine.Options.StallTimeout, lifetime.Aborted);
        Input = new ImapInput(transport, Output, engine.Time, lifetime);
        Reader = new CommandReader(Input, Output, engine.Options);
    }

    public ImapEngine Engine { get; }

    public ITransport Transport { get; }

    public CancellationToken Aborted { get; }

    /// <summary>In log lines.</summary>
    public string Id { get; }

    public ResponseWriter Output { get; }

    public ImapInput Input { get; }

    public CommandReader Reader { get; }

    public ImapOptions Options => Engine.Options;

    public IMailboxes Mailboxes => Engine.Mailboxes;

    public ILogger Log => Engine.Log;

    public SessionState State { get; private set; } = new SessionState.NotAuthenticated();

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

    /// <summary>The tag of the running command, for ESEARCH (RFC 4466 §2.6.2).</summary>
    public string Tag { get; set; } = "";

    /// <summary>What the client has enabled so far.</summary>
    public Extensions Enabled { get; private set; }

    /// <summary>The client knows mod-sequences (RFC 7162 §3.1).</summary>
    public bool CondStoreEnabled => Enabled.HasFlag(Extensions.CondStore);

    public bool QResyncEnabled => Enabled.HasFlag(Extensions.QResync);

    /// <summary>
    /// From here on the server speaks to the client as to one that knows these. Who enables CONDSTORE with a mailbox selected has not been
    /// told its HIGHESTMODSEQ as of now (RFC 7162 §3.1).
    /// </summary>
    public void Enable(Extensions extensions)
    {
        if (extensions.HasFlag(Extensions.QResync)) extensions |= Extensions.CondStore;
        var fresh = extensions & ~Enabled;
        Enabled |= extensions;
        if (fresh.HasFlag(Extensions.CondStore) && TrySelected is { } mailbox) WriteHighestModSeq(mailbox.View.ModSeq);
    }

    /// <summary>The capabilities are other ones now, and the client is spared to ask (RFC 3501 §7.1 CAPABILITY).</summary>
    public async ValueTask<Completion> LogInAsync(Account account, CancellationToken cancellationToken)
    {
        await Mailboxes.EnsureAccountAsync(account.Id, cancellationToken).ConfigureAwait(false);
        State = new SessionState.Authenticated(account);
        Log.LoggedIn(Id, Transport.RemoteEndPoint, account.Id);
        return Completion.OkWith($"CAPABILITY {Capabilities.For(this)}", "Logged in");
    }

    public Completion RefuseLogin()
    {
        Log.LoginRefused(Id, Transport.RemoteEndPoint);
        return Completion.No("AUTHENTICATIONFAILED", "Wrong user name or password");
    }

    /// <summary>Opens a mailbox; the view is of its snapshot. The bell is hung up first, so that no change falls between.</summary>
    public SelectedMailbox Select(MailboxId mailbox, MailboxView view, bool readOnly)
    {
        var account = Account;
        Deselect();
        var selected = new SelectedMailbox(account.Id, mailbox, view, readOnly, Engine.Feed, OnRing);
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

    /// <summary>While set, a change of the mailbox wakes the session's read.</summary>
    public void SetIdling(bool idling) => _idling = idling;

    /// <summary>
    /// Looks what other sessions did to the selected mailbox, if the bell rang. Nothing is written. A fault is logged and the bell
    /// rings on: a command that is done stays done, and the news come with a later one.
    /// </summary>
    /// <exception cref="MailboxGoneException">It was deleted.</exception>
    public async ValueTask LookAsync(CancellationToken cancellationToken)
    {
        if (TrySelected is not { IsRung: true } mailbox) return;
        mailbox.Answer();
        try { await LookAsync(mailbox, cancellationToken).ConfigureAwait(false); }
        catch (MailboxGoneException) { throw; }
        catch (OperationCanceledException) when (Aborted.IsCancellationRequested) { throw; }
#pragma warning disable CA1031 // Logged, and tried again.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            mailbox.Ring();
            Log.LookFailed(fault, Id, mailbox.Id);
        }
    }

    private async ValueTask LookAsync(SelectedMailbox mailbox, CancellationToken cancellationToken)
    {
        var changes = await Mailboxes.ChangesAsync(mailbox.Account, mailbox.Id, mailbox.View.ModSeq, cancellationToken).ConfigureAwait(false)
            ?? throw new MailboxGoneException();
        var before = mailbox.View.LastUid;
        mailbox.View.Apply(changes);
        if (mailbox.View.LastUid == before) return;
        // EXAMINE shows what is recent and takes it from nobody (RFC 3501 §6.3.2).
        mailbox.View.ClaimRecent(mailbox.ReadOnly || changes.Mailbox.FirstRecent >= changes.Mailbox.UidNext
            ? changes.Mailbox.FirstRecent
            : await Mailboxes.ClaimRecentAsync(mailbox.Account, mailbox.Id, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Tells the client what the view has in store: EXPUNGE, then EXISTS and RECENT, then flags (RFC 3501 §7.3, §7.4).</summary>
    public async ValueTask AnnounceAsync(bool expunges, bool withUid)
    {
        if (TrySelected is not { } mailbox) return;
        var view = mailbox.View;
        if (expunges && QResyncEnabled)
        {
            await WriteVanishedAsync(view.TakeVanished(), earlier: false).ConfigureAwait(false);
        }
        else if (expunges)
        {
            foreach (var number in view.TakeExpunges())
            {
                Output.Untagged(number, "EXPUNGE"u8);
                await Output.FlushIfFullAsync().ConfigureAwait(false);
            }
        }
        if (view.TakeArrivals()) Output.Untagged(view.Count, "EXISTS"u8).Untagged(view.RecentCount, "RECENT"u8);
        foreach (var state in view.TakeFlagChanges())
        {
            WriteFlags(mailbox, state, withUid);
            await Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    /// <summary><c>* n FETCH (FLAGS (…))</c>, after a FLAGS response when it has a keyword that is new; with MODSEQ for who knows it.</summary>
    public void WriteFlags(SelectedMailbox mailbox, MessageState state, bool withUid)
    {
        if (mailbox.View.NumberOf(state.Uid) == 0) return;
        LearnKeywords(mailbox, state.Flags);
        if (!BeginFetch(mailbox.View, state.Uid, withUid)) Output.Raw(" "u8);
        Output.Raw("FLAGS "u8).Flags(state.Flags, mailbox.View.IsRecent(state.Uid));
        if (CondStoreEnabled) Output.Raw(" "u8).ModSeq(state.ModSeq);
        Output.Raw(")\r\n"u8);
    }

    /// <summary><c>* n FETCH (MODSEQ (…))</c>: the client knows the flags, having set them itself.</summary>
    public void WriteModSeq(SelectedMailbox mailbox, MessageState state, bool withUid)
    {
        if (mailbox.View.NumberOf(state.Uid) == 0) return;
        if (!BeginFetch(mailbox.View, state.Uid, withUid)) Output.Raw(" "u8);
        Output.ModSeq(state.ModSeq).Raw(")\r\n"u8);
    }

    /// <summary><c>* n FETCH (</c>, and the UID where the command or QRESYNC asks for it (RFC 7162 §3.2.4). Returns whether no item was written.</summary>
    public bool BeginFetch(MailboxView view, Uid uid, bool withUid)
    {
        Output.Raw("* "u8).Number(view.NumberOf(uid)).Raw(" FETCH ("u8);
        withUid |= QResyncEnabled;
        if (withUid) Output.Raw("UID "u8).Number(uid.Value);
        return !withUid;
    }

    /// <summary><c>* VANISHED 1:3,5</c>, or <c>* VANISHED (EARLIER) …</c> of messages that have no number (RFC 7162 §3.2.10). A long set takes several lines.</summary>
    public async ValueTask WriteVanishedAsync(IEnumerable<UidRange> ranges, bool earlier)
    {
        foreach (var line in ranges.Chunk(RangesInALine))
        {
            Output.Raw(earlier ? "* VANISHED (EARLIER) "u8 : "* VANISHED "u8).UidSet(line).Line();
            await Output.FlushIfFullAsync().ConfigureAwait(false);
        }
    }

    public void WriteHighestModSeq(ModSeq modSeq) => Output.Raw("* OK [HIGHESTMODSEQ "u8).Number(modSeq.Value).Raw("] Highest\r\n"u8);

    public void LearnKeywords(SelectedMailbox mailbox, MessageFlags flags)
    {
        if (flags.Keywords.Count > 0 && mailbox.Learn(flags)) WriteKnownFlags(mailbox);
    }

    /// <summary><c>* FLAGS (…)</c>: what messages of this mailbox may have (RFC 3501 §7.2.6).</summary>
    public void WriteKnownFlags(SelectedMailbox mailbox)
    {
        Output.Raw("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft"u8);
        foreach (var keyword in mailbox.Keywords) Output.Raw(" "u8).Ascii(keyword);
        Output.Raw(")\r\n"u8);
    }

    public void Dispose()
    {
        Deselect();
        Input.Dispose();
    }

    private void OnRing()
    {
        if (_idling) Input.Wake();
    }
}

/// <summary>The selected mailbox was deleted by another session; this one can only end (RFC 2180 §3.3).</summary>
internal sealed class MailboxGoneException() : Exception("The selected mailbox was deleted.");
