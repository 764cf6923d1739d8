using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

internal enum CompletionStatus
{
    Ok = 0,
    No,
    Bad,
    Answered,
}

/// <summary>How a command ended: the tagged response without its tag (RFC 3501 §7.1).</summary>
/// <param name="Code">Response code without brackets, or null.</param>
/// <param name="Text">For a person; null is "COMMAND completed".</param>
/// <param name="Bye">Not null: this is said in a BYE before it, and the session ends.</param>
/// <param name="Changes">Messages are gone by it: who knows mod-sequences gets HIGHESTMODSEQ as the code (RFC 7162 §3.2.7).</param>
internal readonly record struct Completion(CompletionStatus Status, string? Code = null, string? Text = null, string? Bye = null, bool Changes = false)
{
    public static Completion Ok { get; }

    public static Completion Expunged { get; } = Ok with { Changes = true };

    public static Completion OkWith(string code, string? text = null) => new(CompletionStatus.Ok, code, text);

    public static Completion No(string code, string text) => new(CompletionStatus.No, code, text);

    public static Completion Bad(string text) => new(CompletionStatus.Bad, null, text);

    /// <summary>The tagged response is written already.</summary>
    public static Completion Answered { get; } = new(CompletionStatus.Answered);

    /// <summary>The end of a change to the tree of mailboxes.</summary>
    public static Completion Of(MailboxOutcome outcome) => outcome switch
    {
        MailboxOutcome.Done => Ok,
        MailboxOutcome.AlreadyExists => No("ALREADYEXISTS", "There is a mailbox of that name"),
        MailboxOutcome.NonExistent => NoSuchMailbox,
        MailboxOutcome.HasChildren => No("HASCHILDREN", "There are mailboxes below it"),
        MailboxOutcome.Cannot => No("CANNOT", "Not possible with this mailbox"),
        MailboxOutcome.Limit => No("LIMIT", "Too many mailboxes"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public string Word => Status switch
    {
        CompletionStatus.Ok or CompletionStatus.Answered => "OK",
        CompletionStatus.No => "NO",
        _ => "BAD",
    };

    // Refusals that several commands have in common (RFC 5530 §3).
    public static Completion NoSuchMailbox { get; } = No("NONEXISTENT", "No such mailbox");

    public static Completion NoPermission { get; } = No("NOPERM", "You do not have the right to do that");

    public static Completion TryCreate { get; } = No("TRYCREATE", "No such mailbox; create it first");

    public static Completion ImpossibleName { get; } = No("CANNOT", "Such a mailbox name is not possible");

    public static Completion TooBig { get; } = No("TOOBIG", "The message is larger than APPENDLIMIT");

    public static Completion OverQuota { get; } = No("OVERQUOTA", "The account is over its quota");

    public static Completion PrivacyRequired { get; } = No("PRIVACYREQUIRED", "Start TLS first");

    public static Completion Throttled { get; } = No("UNAVAILABLE", "Too many failed logins, try again later");

    public static Completion ShuttingDown { get; } = Ok with { Bye = "Server is going down, try again in a moment" };

    public static Completion ReadOnly { get; } = No("READ-ONLY", "The mailbox is open read-only");

    public static Completion FlagLimit { get; } = No("LIMIT", "Too many keywords, or too long");

    public static Completion NoSuchNumber { get; } = Bad("No message has such a number");

    public static Completion SomeAreGone { get; } = No("EXPUNGEISSUED", "Some of the messages are no longer there");
}
