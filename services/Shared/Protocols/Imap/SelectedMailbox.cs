using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>The mailbox a session has selected: its view, and the bell that rings when somebody changes it.</summary>
internal sealed class SelectedMailbox : IDisposable
{
    /// <summary>Keywords a FLAGS response names; beyond that new ones are shown without being announced first.</summary>
    private const int MaxKnownKeywords = 1000;

    /// <summary>For so long rights that were taken away may still be used where word of it is lost.</summary>
    private static readonly TimeSpan RightsLast = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _keywords = new(StringComparer.OrdinalIgnoreCase);
    private readonly IDisposable _subscription;
    private readonly Action _onRing;
    private readonly bool _examined;
    private long _rightsAskedAt;
    private int _rightsDue = 1; // they were asked for before the bell was hung up
    private int _rung;

    /// <param name="examined">Opened by EXAMINE.</param>
    /// <param name="onRing">Called from any thread on each ring.</param>
    public SelectedMailbox(ReachedMailbox mailbox, MailboxView view, bool examined, ImapEngine engine, Action onRing)
    {
        Account = mailbox.Owner;
        Id = mailbox.Id;
        IsOwn = mailbox.IsOwn;
        Rights = mailbox.Rights;
        View = view;
        _examined = examined;
        _rightsAskedAt = engine.Time.GetTimestamp();
        _onRing = onRing;
        _subscription = engine.Feed.Subscribe(mailbox.Owner, OnChange);
    }

    /// <summary>The owner's.</summary>
    public AccountId Account { get; }

    /// <summary>Of the account that is logged in.</summary>
    public bool IsOwn { get; }

    public MailboxRights Rights { get; set; }

    public MailboxId Id { get; }

    public MailboxView View { get; }

    /// <summary>Opened by EXAMINE, or without a right to change anything (RFC 4314 §5.2).</summary>
    public bool ReadOnly => _examined || ReachedMailbox.IsReadOnly(Rights);

    public IReadOnlyCollection<string> Keywords => _keywords;

    /// <summary>Something changed and was not looked at yet.</summary>
    public bool IsRung => Volatile.Read(ref _rung) != 0;

    public bool May(MailboxRights rights) => (Rights & rights) == rights;

    /// <summary>True where the rights have to be asked for again: somebody may have changed them, or word of a change may have been lost.</summary>
    public bool TakeRightsDue(TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (Interlocked.Exchange(ref _rightsDue, 0) == 0 && time.GetElapsedTime(_rightsAskedAt, now) < RightsLast) return false;
        _rightsAskedAt = now;
        return true;
    }

    /// <summary>From any thread.</summary>
    public void MakeRightsDue() => Volatile.Write(ref _rightsDue, 1);

    /// <summary>Searches that the client is kept told of.</summary>
    public SearchContexts Contexts { get; } = new();

    public void Ring()
    {
        Contexts.Touch();
        Volatile.Write(ref _rung, 1);
    }

    /// <summary>Before looking, so that a ring while looking is not lost.</summary>
    public void Answer() => Volatile.Write(ref _rung, 0);

    /// <summary>True when a keyword is new to the client: a FLAGS response is due before it is shown (RFC 3501 §7.2.6).</summary>
    public bool Learn(MessageFlags flags)
    {
        var learnt = false;
        for (var i = 0; i < flags.Keywords.Count; i++)
        {
            if (_keywords.Count < MaxKnownKeywords) learnt |= _keywords.Add(flags.Keywords[i]);
        }
        return learnt;
    }

    public void Dispose() => _subscription.Dispose();

    private void OnChange(MailboxChanged change)
    {
        // Without a mailbox the tree changed, this mailbox in it perhaps, or changes were missed.
        if (change.Mailbox is { } changed && changed != Id) return;
        if (change.Mailbox is null) MakeRightsDue();
        Ring();
        _onRing();
    }
}
