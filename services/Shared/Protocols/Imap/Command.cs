namespace Merpati.Protocols.Imap;

/// <summary>A command that was understood. Each verb has its own file in Commands with its record, its parsing and its handling.</summary>
internal abstract record Command
{
    /// <summary>The command ends in a literal that it reads itself: a message, which is never gathered in memory.</summary>
    public virtual bool TakesMessage => false;

    /// <summary>
    /// Does it. Untagged responses go to <see cref="ImapSession.Output"/>; what changed in the selected mailbox and the tagged response
    /// are written by the connection afterwards. An exception is a fault.
    /// </summary>
    public abstract ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken);
}

/// <summary>Reads the arguments, from the space after the verb to the end; a mismatch is left in the scanner.</summary>
internal delegate Command CommandParser(ref CommandScanner scanner);

/// <summary>What may be told of the selected mailbox when a command ends.</summary>
internal enum Announces
{
    Nothing = 0,

    /// <summary>New messages and flags; no EXPUNGE, since the client counts on its numbers (RFC 3501 §7.4.1).</summary>
    Changes,

    /// <summary>EXPUNGE too.</summary>
    Everything,
}

/// <summary>One row of the command table.</summary>
/// <param name="Verb">In capitals, <c>UID FETCH</c> for the UID forms.</param>
/// <param name="UsesNumbers">Message numbers are in its arguments or its answer; not after ENABLE UIDONLY (RFC 9586 §3).</param>
/// <param name="EndsWithClient">It may take long, changes nothing that matters and takes nothing from the connection: it is stopped when the client has gone.</param>
internal sealed record CommandDefinition(string Verb, SessionStates States, Announces Announces, CommandParser Parse, bool UsesNumbers = false, bool EndsWithClient = false)
{
    public string Completed { get; } = $"{Verb} completed";

    /// <summary>Every FETCH response it causes carries the UID (RFC 3501 §6.4.8).</summary>
    public bool IsUid { get; } = Verb.StartsWith("UID ", StringComparison.Ordinal);
}
