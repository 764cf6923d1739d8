using Merpati.Accounts;

namespace Merpati.Protocols.Imap;

/// <summary>States as the command table names them (RFC 3501 §3).</summary>
[Flags]
internal enum SessionStates
{
    None = 0,
    NotAuthenticated = 1,
    Authenticated = 2,
    Selected = 4,

    /// <summary>Logged in, with a mailbox or without.</summary>
    LoggedIn = Authenticated | Selected,
    Any = NotAuthenticated | LoggedIn,
}

/// <summary>Where a session stands, with what belongs to that.</summary>
internal abstract record SessionState
{
    private SessionState() { }

    public abstract SessionStates Name { get; }

    public sealed record NotAuthenticated : SessionState
    {
        public override SessionStates Name => SessionStates.NotAuthenticated;
    }

    public sealed record Authenticated(Account Account) : SessionState
    {
        public override SessionStates Name => SessionStates.Authenticated;
    }

    public sealed record Selected(Account Account, SelectedMailbox Mailbox) : SessionState
    {
        public override SessionStates Name => SessionStates.Selected;
    }
}
