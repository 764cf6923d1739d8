namespace Merpati.Mailboxes;

/// <summary>What SORT orders by (RFC 5256 §3 sort-key, RFC 5957 §3). Texts compare by i;unicode-casemap.</summary>
public enum SortField
{
    /// <summary>INTERNALDATE, as a moment.</summary>
    Arrival = 0,

    /// <summary>The local part of the first Cc address.</summary>
    Cc = 1,

    /// <summary>The sent date (RFC 5256 §2.2).</summary>
    Date = 2,

    /// <summary>The display name of the first From address, else the address.</summary>
    DisplayFrom = 3,

    /// <summary>The display name of the first To address, else the address.</summary>
    DisplayTo = 4,

    /// <summary>The local part of the first From address.</summary>
    From = 5,

    Size = 6,

    /// <summary>The base subject (RFC 5256 §2.1).</summary>
    Subject = 7,

    /// <summary>The local part of the first To address.</summary>
    To = 8,
}

/// <summary>One criterion of SORT.</summary>
/// <param name="Reverse">Descending.</param>
public readonly record struct SortKey(SortField Field, bool Reverse);

/// <summary>RFC 5256 §3 thread-alg.</summary>
public enum ThreadAlgorithm
{
    OrderedSubject = 0,
    References = 1,
}

/// <summary>A place in the forest that THREAD answers with, parents before their children, siblings in order.</summary>
/// <param name="Uid">Null for a parent that is not among the messages found; it has two children or more.</param>
/// <param name="Depth">0 for a root; at the most one more than that of the place before.</param>
public readonly record struct ThreadPlace(Uid? Uid, int Depth);
