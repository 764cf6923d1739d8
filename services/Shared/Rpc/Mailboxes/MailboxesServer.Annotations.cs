using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Rpc.Serving;
using static Merpati.Mailboxes.V1.AnnotationConversions;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Rpc.Mailboxes;

internal sealed partial class MailboxesServer
{
    public override Task ListAnnotations(Wire.ListAnnotationsRequest request, IServerStreamWriter<Wire.ListAnnotationsResponse> responseStream, ServerCallContext context)
        => responseStream.WriteAsync(
            mailboxes.AnnotationsAsync(Account(request.AccountId), request.HasMailboxId ? Mailbox(request.MailboxId) : null, context.CancellationToken),
            Wire.AnnotationConversions.ToWire, static (message, annotation) => message.Annotations.Add(annotation), null, context.CancellationToken);

    public override async Task<Wire.AnnotateResponse> Annotate(Wire.AnnotateRequest request, ServerCallContext context)
        => new() { Outcome = (await mailboxes.AnnotateAsync(Account(request.AccountId), Mailbox(request.MailboxId), [.. request.Changes.Select(Wire.AnnotationConversions.ToContract)], context.CancellationToken)).ToWire() };
}
