using System.Collections.Frozen;
using Merpati.Protocols.Imap.Commands;

namespace Merpati.Protocols.Imap;

/// <summary>Every command, the states in which it is allowed, and what may be announced at its end.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<CommandDefinition> All { get; } =
    [
        new("CAPABILITY", SessionStates.Any, Announces.Everything, Capability.Parse),
        new("NOOP", SessionStates.Any, Announces.Everything, Noop.Parse),
        new("LOGOUT", SessionStates.Any, Announces.Nothing, Logout.Parse),
        new("ID", SessionStates.Any, Announces.Everything, Id.Parse),

        new("STARTTLS", SessionStates.NotAuthenticated, Announces.Nothing, StartTls.Parse),
        new("AUTHENTICATE", SessionStates.NotAuthenticated, Announces.Nothing, Authenticate.Parse),
        new("LOGIN", SessionStates.NotAuthenticated, Announces.Nothing, Login.Parse),

        new("ENABLE", SessionStates.LoggedIn, Announces.Everything, Enable.Parse),
        new("COMPRESS", SessionStates.LoggedIn, Announces.Nothing, Compress.Parse),
        new("UNAUTHENTICATE", SessionStates.LoggedIn, Announces.Nothing, Unauthenticate.Parse),
        new("NAMESPACE", SessionStates.LoggedIn, Announces.Everything, Namespace.Parse),
        new("SELECT", SessionStates.LoggedIn, Announces.Nothing, Select.Parse),
        new("EXAMINE", SessionStates.LoggedIn, Announces.Nothing, Select.ParseExamine),
        new("CREATE", SessionStates.LoggedIn, Announces.Everything, Create.Parse),
        new("DELETE", SessionStates.LoggedIn, Announces.Everything, Delete.Parse),
        new("RENAME", SessionStates.LoggedIn, Announces.Everything, Rename.Parse),
        new("SUBSCRIBE", SessionStates.LoggedIn, Announces.Everything, Subscribe.Parse),
        new("UNSUBSCRIBE", SessionStates.LoggedIn, Announces.Everything, Subscribe.ParseUnsubscribe),
        new("LIST", SessionStates.LoggedIn, Announces.Everything, List.Parse),
        new("LSUB", SessionStates.LoggedIn, Announces.Everything, Lsub.Parse),
        new("STATUS", SessionStates.LoggedIn, Announces.Everything, Status.Parse),
        new("GETQUOTA", SessionStates.LoggedIn, Announces.Everything, GetQuota.Parse),
        new("GETQUOTAROOT", SessionStates.LoggedIn, Announces.Everything, GetQuotaRoot.Parse),
        new("SETQUOTA", SessionStates.LoggedIn, Announces.Everything, SetQuota.Parse),
        new("GETMETADATA", SessionStates.LoggedIn, Announces.Everything, GetMetadata.Parse),
        new("SETMETADATA", SessionStates.LoggedIn, Announces.Everything, SetMetadata.Parse),
        new("SETACL", SessionStates.LoggedIn, Announces.Everything, SetAcl.Parse),
        new("DELETEACL", SessionStates.LoggedIn, Announces.Everything, DeleteAcl.Parse),
        new("GETACL", SessionStates.LoggedIn, Announces.Everything, GetAcl.Parse),
        new("LISTRIGHTS", SessionStates.LoggedIn, Announces.Everything, ListRights.Parse),
        new("MYRIGHTS", SessionStates.LoggedIn, Announces.Everything, MyRights.Parse),
        new("APPEND", SessionStates.LoggedIn, Announces.Everything, Append.Parse),
        new("ESEARCH", SessionStates.LoggedIn, Announces.Everything, ExtendedSearch.Parse, EndsWithClient: true),
        new("IDLE", SessionStates.LoggedIn, Announces.Everything, Idle.Parse),

        new("NOTIFY", SessionStates.LoggedIn, Announces.Everything, Notify.Parse),

        new("CHECK", SessionStates.Selected, Announces.Everything, Check.Parse),
        new("CLOSE", SessionStates.Selected, Announces.Nothing, Close.Parse),
        new("UNSELECT", SessionStates.Selected, Announces.Nothing, Unselect.Parse),
        new("EXPUNGE", SessionStates.Selected, Announces.Everything, Expunge.Parse),
        new("SEARCH", SessionStates.Selected, Announces.Changes, Search.Parse, UsesNumbers: true, EndsWithClient: true),
        new("SORT", SessionStates.Selected, Announces.Changes, Sort.Parse, UsesNumbers: true, EndsWithClient: true),
        new("THREAD", SessionStates.Selected, Announces.Changes, Commands.Thread.Parse, UsesNumbers: true, EndsWithClient: true),
        new("CANCELUPDATE", SessionStates.Selected, Announces.Everything, CancelUpdate.Parse),
        new("FETCH", SessionStates.Selected, Announces.Changes, Fetch.Parse, UsesNumbers: true, EndsWithClient: true),
        new("STORE", SessionStates.Selected, Announces.Changes, Store.Parse, UsesNumbers: true),
        new("COPY", SessionStates.Selected, Announces.Everything, Copy.Parse, UsesNumbers: true),
        new("MOVE", SessionStates.Selected, Announces.Everything, Move.Parse, UsesNumbers: true),
        new("REPLACE", SessionStates.Selected, Announces.Everything, Replace.Parse, UsesNumbers: true),
        new("UIDBATCHES", SessionStates.Selected, Announces.Everything, UidBatches.Parse),
        new("UID SEARCH", SessionStates.Selected, Announces.Everything, Search.ParseUid, EndsWithClient: true),
        new("UID SORT", SessionStates.Selected, Announces.Everything, Sort.ParseUid, EndsWithClient: true),
        new("UID THREAD", SessionStates.Selected, Announces.Everything, Commands.Thread.ParseUid, EndsWithClient: true),
        new("UID FETCH", SessionStates.Selected, Announces.Everything, Fetch.ParseUid, EndsWithClient: true),
        new("UID STORE", SessionStates.Selected, Announces.Everything, Store.ParseUid),
        new("UID COPY", SessionStates.Selected, Announces.Everything, Copy.ParseUid),
        new("UID MOVE", SessionStates.Selected, Announces.Everything, Move.ParseUid),
        new("UID REPLACE", SessionStates.Selected, Announces.Everything, Replace.ParseUid),
        new("UID EXPUNGE", SessionStates.Selected, Announces.Everything, Expunge.ParseUid),
    ];

    private static readonly FrozenDictionary<string, CommandDefinition>.AlternateLookup<ReadOnlySpan<char>> ByVerb =
        All.ToFrozenDictionary(definition => definition.Verb, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int LongestVerb = All.Max(definition => definition.Verb.Length);

    /// <summary>The row of a verb in any case; null for a word that is no command.</summary>
    public static CommandDefinition? Find(ReadOnlySpan<byte> verb)
    {
        if (verb.Length > LongestVerb) return null;
        Span<char> text = stackalloc char[verb.Length];
        for (var i = 0; i < verb.Length; i++) text[i] = (char)verb[i];
        return ByVerb.TryGetValue(text, out var definition) ? definition : null;
    }
}
