namespace Merpati.Mailboxes;

/// <summary>
/// A SEARCH program (RFC 3501 §6.4.4) with sequence numbers already turned into UIDs.
/// Texts are Unicode; a match is a substring without case (i;unicode-casemap) in the decoded header or text.
/// </summary>
public abstract record SearchCriteria
{
    private SearchCriteria() { }

    public sealed record All : SearchCriteria;

    public sealed record And(IReadOnlyList<SearchCriteria> Terms) : SearchCriteria;

    public sealed record Or(SearchCriteria Left, SearchCriteria Right) : SearchCriteria;

    public sealed record Not(SearchCriteria Term) : SearchCriteria;

    public sealed record Uids(UidSet Set) : SearchCriteria;

    public sealed record HasFlag(SystemFlags Flag) : SearchCriteria;

    public sealed record HasKeyword(string Keyword) : SearchCriteria;

    /// <summary>RECENT, OLD (as Not) and NEW (with Not Seen): UIDs that this session shows as recent.</summary>
    public sealed record RecentFrom(Uid First) : SearchCriteria;

    /// <summary>LARGER: strictly more octets.</summary>
    public sealed record Larger(long Octets) : SearchCriteria;

    /// <summary>SMALLER: strictly fewer octets.</summary>
    public sealed record Smaller(long Octets) : SearchCriteria;

    /// <summary>BEFORE, ON, SINCE: INTERNALDATE's date in its own zone lies in [From, To); a null is open.</summary>
    public sealed record Internal(DateOnly? From, DateOnly? To) : SearchCriteria;

    /// <summary>SENTBEFORE, SENTON, SENTSINCE: the Date header's date without time and zone lies in [From, To).</summary>
    public sealed record Sent(DateOnly? From, DateOnly? To) : SearchCriteria;

    /// <summary>FROM, TO, CC, BCC, SUBJECT, HEADER: the field exists, and one instance contains the text; an empty text only asks whether it exists.</summary>
    public sealed record Header(string Field, string Text) : SearchCriteria;

    /// <summary>BODY: in the body's text, decoded.</summary>
    public sealed record Body(string Text) : SearchCriteria;

    /// <summary>TEXT: in the header or the body.</summary>
    public sealed record Anywhere(string Text) : SearchCriteria;

    /// <summary>MODSEQ (RFC 7162 §3.1.5): changed at or after.</summary>
    public sealed record ModSeqFrom(ModSeq First) : SearchCriteria;

    /// <summary>YOUNGER and OLDER (RFC 5032): INTERNALDATE, as a moment, lies in [From, Until]; a null is open.</summary>
    public sealed record Received(DateTimeOffset? From, DateTimeOffset? Until) : SearchCriteria;

    /// <summary>SAVEDBEFORE, SAVEDON, SAVEDSINCE (RFC 8514 §4.1): the UTC date on which the message came into this mailbox lies in [From, To).</summary>
    public sealed record Saved(DateOnly? From, DateOnly? To) : SearchCriteria;

    /// <summary>EMAILID (RFC 8474 §6). Compared octet by octet.</summary>
    public sealed record HasEmailId(string EmailId) : SearchCriteria;

    /// <summary>THREADID (RFC 8474 §6). Compared octet by octet.</summary>
    public sealed record HasThreadId(string ThreadId) : SearchCriteria;
}
