using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>The mailbox a session has selected: its view, and the bell that rings when somebody changes it.</summary>
internal sealed class SelectedMailbox : IDisposable
{
    /// <summary>Keywords a FLAGS response names; beyond that new ones are shown without being announced first.</summary>
    private const int MaxKnownKeywords = 1000;

    private readonly HashSet<string> _keywords = new(StringComparer.OrdinalIgnoreCase);
    private readonly IDisposable _subscription;
    private readonly Action _onRing;
    private int _rung;

    /// <param name="onRing">Called from any thread on each ring.</param>
    public SelectedMailbox(AccountId account, MailboxId id, MailboxView view, bool readOnly, IMailboxChangeFeed feed, Action onRing)
    {
        Account = account;
        Id = id;
        View = view;
        ReadOnly = readOnly;
        _onRing = onRing;
        _subscription = feed.Subscribe(account, OnChange);
    }

    public AccountId Account { get; }

    public MailboxId Id { get; }

    public MailboxView View { get; }

    /// <summary>Opened by EXAMINE.</summary>
    public bool ReadOnly { get; }

    public IReadOnlyCollection<string> Keywords => _keywords;

    /// <summary>Something changed and was not looked at yet.</summary>
    public bool IsRung => Volatile.Read(ref _rung) != 0;

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
        Ring();
        _onRing();
    }
}
