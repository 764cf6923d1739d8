using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap;

/// <summary>What a key is put against when the search runs.</summary>
/// <param name="View">Of the mailbox that is searched.</param>
/// <param name="Now">For WITHIN (RFC 5032): the server's clock counts.</param>
internal readonly record struct SearchScope(MailboxView View, DateTimeOffset Now);

/// <summary>A search key that waits for the mailbox: message numbers and \Recent mean something only in a view.</summary>
internal delegate SearchCriteria SearchKey(SearchScope scope);

/// <summary>What a program has among its keys, as far as it matters to a command.</summary>
[Flags]
internal enum SearchTraits
{
    None = 0,

    /// <summary>Message numbers, or '$'.</summary>
    Numbers = 1,

    /// <summary>UIDs or \Recent: it can be put against the view of any mailbox.</summary>
    View = 2,

    /// <summary>MODSEQ: the answer tells the highest one found (RFC 7162 §3.1.5).</summary>
    ModSeq = 4,

    /// <summary>YOUNGER or OLDER: the answer changes by itself.</summary>
    Clock = 8,

    /// <summary>RECENT, OLD or NEW: what is recent is the session's affair and no change of the mailbox.</summary>
    Recent = 16,
}

/// <summary>A search program, with the charset of its texts (RFC 3501 §6.4.4, §9 search).</summary>
/// <param name="Key">Null for a charset that is not supported.</param>
/// <param name="Keys">How many keys there are in it.</param>
internal sealed record SearchProgram(SearchKey? Key, SearchTraits Traits, int Keys)
{
    private static readonly Completion BadCharset = Completion.No("BADCHARSET (US-ASCII UTF-8)", "Only US-ASCII and UTF-8");

    private static readonly Completion NoCharset = Completion.Bad("After ENABLE UTF8=ACCEPT texts are in UTF-8, and no other charset is named");

    /// <summary>The charset that was named, in capitals; null for none.</summary>
    public string? Charset { get; init; }

    /// <summary>It has to be named here, as in SORT and THREAD.</summary>
    public bool NeedsCharset { get; init; }

    /// <summary>Why it is not run; null where it can be. After ENABLE UTF8=ACCEPT a charset is BAD where it need not be named, and any but UTF-8 where it has to be (RFC 9755 §3).</summary>
    public Completion? RefusalFor(ImapSession session)
    {
        if (session.Enabled.HasFlag(Extensions.Utf8Accept) && (NeedsCharset ? Charset != "UTF-8" : Charset is not null)) return NoCharset;
        return Key is null ? BadCharset : null;
    }

    public bool Has(SearchTraits trait) => (Traits & trait) != SearchTraits.None;

    /// <summary><c>["CHARSET" SP charset SP] search-key *(SP search-key)</c>, as in SEARCH.</summary>
    public static SearchProgram Parse(ref CommandScanner scanner)
    {
        if (!scanner.TryWord("CHARSET"u8)) return SearchKeys.ParseProgram(ref scanner);
        scanner.Space();
        return ParseWithCharset(ref scanner) with { NeedsCharset = false };
    }

    /// <summary><c>charset SP search-key *(SP search-key)</c>, as in SORT and THREAD (RFC 5256 §5).</summary>
    public static SearchProgram ParseWithCharset(ref CommandScanner scanner)
    {
        var charset = scanner.Text(scanner.AString("a charset")).ToUpperInvariant();
        scanner.Space();
        var isKnown = charset is "UTF-8" or "US-ASCII" or "ASCII";
        // The texts of the program are of no use; only its form is looked at, and literals have to be passed over.
        if (!isKnown) scanner.AcceptAnyText();
        var program = SearchKeys.ParseProgram(ref scanner);
        return program with { Key = isKnown ? program.Key : null, Charset = charset, NeedsCharset = true };
    }
}
