namespace Merpati.Protocols.Imap.Commands;

/// <summary>CANCELUPDATE (RFC 5267 §4.3.5): no more is told of these searches.</summary>
internal sealed record CancelUpdate(IReadOnlyList<string> Tags) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        var tags = new List<string>();
        do
        {
            scanner.Space();
            tags.Add(scanner.Text(scanner.String("a quoted tag")));
        }
        while (scanner.NextIs((byte)' ') && tags.Count < SearchContexts.Limit);
        return new CancelUpdate(tags);
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        var contexts = session.Selected.Contexts;
        if (Tags.FirstOrDefault(tag => !contexts.Has(tag)) is not null) return new(Completion.Bad("No search of that tag is kept up to date"));
        foreach (var tag in Tags) contexts.Remove(tag);
        return new(Completion.Ok);
    }
}
