using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>THREAD and UID THREAD (RFC 5256 §3).</summary>
internal sealed record Thread(bool ByUid, ThreadAlgorithm Algorithm, SearchProgram Program) : Command
{
    public static Command Parse(ref CommandScanner scanner) => Parse(ref scanner, byUid: false);

    public static Command ParseUid(ref CommandScanner scanner) => Parse(ref scanner, byUid: true);

    private static Thread Parse(ref CommandScanner scanner, bool byUid)
    {
        scanner.Space();
        var algorithm = ParseAlgorithm(ref scanner);
        scanner.Space();
        return new Thread(byUid, algorithm, SearchProgram.ParseWithCharset(ref scanner));
    }

    private static ThreadAlgorithm ParseAlgorithm(ref CommandScanner scanner)
    {
        switch (scanner.Keyword("a threading algorithm"))
        {
            case "ORDEREDSUBJECT": return ThreadAlgorithm.OrderedSubject;
            case "REFERENCES": return ThreadAlgorithm.References;
            default:
                scanner.Fail("Unknown threading algorithm");
                return default;
        }
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Program.RefusalFor(session) is { } refusal) return refusal;
        var mailbox = session.Selected;
        if (Program.Has(SearchTraits.ModSeq)) session.Enable(Extensions.CondStore);
        var view = mailbox.View;
        // What has no number yet must not be a parent either: it is no part of the conversations.
        var criteria = new SearchCriteria.And([new SearchCriteria.Uids(view.KnownSet), Program.Key!(new SearchScope(view, session.Engine.Time.GetUtcNow()))]);
        var places = await session.WithProgressAsync(session.Mailboxes.ThreadAsync(mailbox.Account, mailbox.Id, Algorithm, criteria, cancellationToken)).ConfigureAwait(false);
        await WriteAsync(session.Output, places, uid => ByUid ? uid.Value : (uint)view.NumberOf(uid)).ConfigureAwait(false);
        return Completion.Ok;
    }

    /// <summary>
    /// thread-list (RFC 5256 §5): a root and an only child go on in the same parentheses, several children have some each. Without recursion: conversations can be deep.
    /// </summary>
    private static async ValueTask WriteAsync(ResponseWriter output, IReadOnlyList<ThreadPlace> places, Func<Uid, uint> numberOf)
    {
        var isOnly = OnlyChildren(places);
        // Of the place and those around it: whether it has parentheses of its own.
        var around = new Stack<bool>();
        output.Raw("* THREAD"u8);
        if (places.Count > 0) output.Raw(" "u8);
        for (var i = 0; i < places.Count; i++)
        {
            while (around.Count > places[i].Depth) Close(output, around);
            // A space parts a number from what comes below it, be it a number or a parenthesis.
            if (i > 0 && places[i - 1].Depth < places[i].Depth && places[i - 1].Uid is not null) output.Raw(" "u8);
            if (!isOnly[i]) output.Raw("("u8);
            if (places[i].Uid is { } uid) output.Number(numberOf(uid));
            around.Push(!isOnly[i]);
            await output.FlushIfFullAsync().ConfigureAwait(false);
        }
        while (around.Count > 0) Close(output, around);
        output.Line();
    }

    private static void Close(ResponseWriter output, Stack<bool> around)
    {
        if (around.Pop()) output.Raw(")"u8);
    }

    /// <summary>For each place, whether it is the only child of its parent; roots are not.</summary>
    private static bool[] OnlyChildren(IReadOnlyList<ThreadPlace> places)
    {
        var parents = new int[places.Count];
        var children = new int[places.Count];
        var path = new List<int>();
        for (var i = 0; i < places.Count; i++)
        {
            var depth = places[i].Depth;
            parents[i] = depth == 0 ? -1 : path[depth - 1];
            if (depth > 0) children[parents[i]]++;
            if (path.Count > depth) path.RemoveRange(depth, path.Count - depth);
            path.Add(i);
        }
        return Array.ConvertAll(parents, parent => parent >= 0 && children[parent] == 1);
    }
}
