using Merpati.Protocols.Sasl;

namespace Merpati.Protocols.Imap;

/// <summary>What CAPABILITY says (RFC 3501 §7.2.1). A name stands here only when all of it works.</summary>
internal static class Capabilities
{
    private const string Always =
        "ID ENABLE UTF8=ACCEPT NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS LIST-METADATA METADATA STATUS=SIZE ACL RIGHTS=texk LIST-MYRIGHTS QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE UIDPLUS MOVE IDLE UNSELECT ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES CONTEXT=SEARCH MULTISEARCH CONDSTORE QRESYNC UIDONLY UIDBATCHES PARTIAL INPROGRESS UNAUTHENTICATE NOTIFY OBJECTID PREVIEW SAVEDATE BINARY CATENATE MULTIAPPEND REPLACE";

    public static string For(ImapSession session)
    {
        var compress = session.Transport.IsCompressed ? "" : " COMPRESS=DEFLATE";
        var common = $"{Always}{compress} APPENDLIMIT={session.Options.AppendLimit}";
        if (session.State is not SessionState.NotAuthenticated) return $"IMAP4rev1 IMAP4rev2 LITERAL+ {common}";
        // Who is not known yet sends no more than 4,096 octets without asking (RFC 7888 §5).
        common = "IMAP4rev1 IMAP4rev2 LITERAL- " + common;
        var secure = session.Transport is { Tls: null, CanUpgradeToTls: true } ? " STARTTLS" : "";
        return session.MayAuthenticate ? $"{common} SASL-IR{secure} {Mechanisms(session)}" : $"{common} SASL-IR{secure} LOGINDISABLED";
    }

    /// <summary>LOGIN is taken when a client insists, but not offered: it has nothing over PLAIN.</summary>
    private static string Mechanisms(ImapSession session)
        => string.Join(' ', SaslServer.Offered(session.Sasl).Where(mechanism => mechanism != "LOGIN").Select(mechanism => "AUTH=" + mechanism));
}
