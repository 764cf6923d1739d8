using Merpati.Mail;
using Merpati.Protocols.Smtp;
using Merpati.Storage;

namespace Merpati.SmtpIngress.Acceptance;

/// <summary>
/// A message that came as BINARYMIME is kept as lines: neither IMAP (RFC 3501 §4.3.1) nor POP3 nor most next hops can carry anything else.
/// Only the parts that are binary in truth get another transfer encoding (RFC 3030 §3); a message without such a part stays as it is.
/// </summary>
internal sealed class BinaryMessage(IContentStore contents)
{
    private static readonly SmtpReply CannotConvert = new(554, "5.6.3", "Binary message cannot be converted for delivery without harm");

    /// <summary>The content to queue: a new one, durable, or the given one. What it replaces is left to the collector.</summary>
    public async ValueTask<(ContentInfo Content, SmtpReply? Refusal)> ToLinesAsync(ContentInfo content, CancellationToken cancellationToken)
    {
        switch (await MessageConversion.PlanAsync(OpenAsync, TransferDomain.EightBit, cancellationToken).ConfigureAwait(false))
        {
            case Conversion.Possible plan:
                var converted = plan.Read(await OpenAsync(cancellationToken).ConfigureAwait(false));
                await using (converted.ConfigureAwait(false)) return (await contents.StoreAsync(default, converted, cancellationToken).ConfigureAwait(false), null);
            case Conversion.Impossible:
                return (content, CannotConvert);
            default:
                return (content, null);
        }

        ValueTask<Stream> OpenAsync(CancellationToken token) => contents.OpenAsync(content.Id, 0, content.Size, token);
    }
}
