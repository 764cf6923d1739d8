using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

public sealed partial class Mailboxes
{
    public IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, CancellationToken cancellationToken) => store.AnnotationsAsync(account, mailbox, cancellationToken);

    public async ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
    {
        var outcome = await store.AnnotateAsync(account, mailbox, changes, cancellationToken);
        // Sessions that watch for it look at all annotations; those that have a mailbox selected find nothing new in it.
        if (outcome == AnnotationOutcome.Done) AnnounceTree(account, MailboxOutcome.Done);
        return outcome;
    }
}
