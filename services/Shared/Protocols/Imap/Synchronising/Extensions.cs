namespace Merpati.Protocols.Imap;

/// <summary>What the client has enabled: it changes what the server may send, and stays until the connection ends (RFC 5161 §3.1).</summary>
[Flags]
internal enum Extensions
{
    None = 0,

    /// <summary>By any of the commands of RFC 7162 §3.1: FETCH responses about flags carry MODSEQ.</summary>
    CondStore = 1,

    /// <summary>RFC 7162 §3.2: VANISHED instead of EXPUNGE, and UIDs in every FETCH response that nobody asked for.</summary>
    QResync = 2,

    /// <summary>IMAP4rev2 (RFC 9051): nothing is said of \Recent, and SELECT answers with LIST.</summary>
    Rev2 = 4,

    /// <summary>RFC 9586: no message numbers, UIDFETCH instead of FETCH and VANISHED instead of EXPUNGE.</summary>
    UidOnly = 8,

    /// <summary>UTF-8 in quoted strings, names of mailboxes and headers (RFC 9755 §3, RFC 6855 before it). IMAP4rev2 has all of that in itself.</summary>
    Utf8Accept = 16,
}
