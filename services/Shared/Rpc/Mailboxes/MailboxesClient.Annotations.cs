using System.Runtime.CompilerServices;
using Merpati.Mailboxes;
using Merpati.Rpc.Calls;
using static Merpati.Mailboxes.V1.AnnotationConversions;
using static Merpati.Mailboxes.V1.WireIds;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesClient
{
    public async IAsyncEnumerable<Annotation> AnnotationsAsync(AccountId account, MailboxId? mailbox, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new Wire.ListAnnotationsRequest { AccountId = account.Value.ToWire() };
        if (mailbox is { } one) request.MailboxId = one.Value.ToWire();
        await foreach (var response in caller.ReadAsync(CallKind.Question, client.ListAnnotations, request, cancellationToken))
        {
            foreach (var annotation in response.Annotations) yield return annotation.ToContract();
        }
    }

    public async ValueTask<AnnotationOutcome> AnnotateAsync(AccountId account, MailboxId mailbox, IReadOnlyList<AnnotationChange> changes, CancellationToken cancellationToken)
    {
        var request = new Wire.AnnotateRequest { AccountId = account.Value.ToWire(), MailboxId = mailbox.Value.ToWire(), Changes = { changes.Select(Wire.AnnotationConversions.ToWire) } };
        return (await caller.AskAsync(CallKind.Repeatable, client.AnnotateAsync, request, cancellationToken)).Outcome.ToContract();
    }
}
