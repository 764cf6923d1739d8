namespace Merpati.Protocols.Imap.Commands;

/// <summary>LSUB (RFC 3501 §6.3.9).</summary>
internal sealed record Lsub(ListPattern? Pattern) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var reference = scanner.AString("a reference name");
        scanner.Space();
        return new Lsub(List.ParsePattern(ref scanner, reference, out _));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Pattern is null) return Completion.Ok;
        var subscriptions = await session.Mailboxes.ListSubscriptionsAsync(session.Account.Id, cancellationToken).ConfigureAwait(false);
        foreach (var listed in MailboxTree.Names([], subscriptions))
        {
            // With '%', a name that is not subscribed shows as \Noselect when one below it is.
            if (!listed.Subscribed && !(Pattern.HasPercent && listed.SubscribedBelow) || !Pattern.Matches(listed.Name)) continue;
            session.Output.Raw(listed.Subscribed ? "* LSUB () \"/\" "u8 : "* LSUB (\\Noselect) \"/\" "u8).Mailbox(listed.Name).Line();
            await session.Output.FlushIfFullAsync().ConfigureAwait(false);
        }
        return Completion.Ok;
    }
}
