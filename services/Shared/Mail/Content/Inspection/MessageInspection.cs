using System.Buffers;
using System.Text;
using Merpati.Addresses;
using Merpati.Mail.Auth;
using Merpati.Mailboxes;

namespace Merpati.Mail.Content;

/// <summary>
/// Looks at what a message holds: names and true types of attachments, what archives and documents have in them, where links lead, and what the name of the author claims.
/// Needs nothing but the message, streams it, and throws at nothing that it may be; what is beyond the limits is told.
/// </summary>
/// <param name="executables">What names may not end in, lower case without dots; empty for the usual list.</param>
/// <param name="isOurs">Whether a domain is ours.</param>
public sealed class MessageInspection(InspectionLimits limits, IReadOnlySet<string> executables, Func<string, CancellationToken, ValueTask<bool>> isOurs)
{
    private const int BufferSize = 32 * 1024;
    private const int MaxAuthorWords = 50;

    private readonly IReadOnlySet<string> _executables = executables.Count > 0 ? executables : FileName.Executables;

    public async ValueTask<ContentFindings> InspectAsync(MessageStructure structure, OpenContent open, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(structure);
        ArgumentNullException.ThrowIfNull(open);
        var found = new Findings(limits);
        await InspectAuthorAsync(structure.Envelope, found, cancellationToken);
        foreach (var part in Leaves(structure.Root))
        {
            if (!found.MayLookAtPart()) break;
            await InspectAsync(part, open, found, cancellationToken);
        }
        return found.ToFindings();
    }

    private static IEnumerable<BodyPart> Leaves(BodyPart part) => part.Children.Count == 0 ? [part] : part.Children.SelectMany(Leaves);

    private async ValueTask InspectAsync(BodyPart part, OpenContent open, Findings found, CancellationToken cancellationToken)
    {
        var names = part.DispositionParameters.Where(parameter => parameter.Name.Equals("filename", StringComparison.OrdinalIgnoreCase)).Concat(part.Parameters.Where(parameter => parameter.Name.Equals("name", StringComparison.OrdinalIgnoreCase)))
            .Select(parameter => HeaderText.Decode(parameter.Value)).Distinct(StringComparer.Ordinal).ToList();
        foreach (var name in names)
        {
            FileName.Judge(name, _executables, found.Reasons);
            found.NoteExtension(FileName.Extension(name));
        }
        if (names.Count > 0) found.Attachments++;
        if (part.BodyLength == 0) return;
        if (part.Type == "text" && part.Subtype is "html" or "plain" or "xhtml" && part.Disposition is not "attachment")
        {
            var links = new LinkInspection(limits, found.Reasons);
            var text = await ReadTextAsync(part, open, found, cancellationToken);
            if (part.Subtype == "plain") links.InspectText(text);
            else links.InspectHtml(text);
        }
        else await InspectOctetsAsync(part, names.Count > 0 ? FileName.Extension(names[0]) : "", open, found, cancellationToken);
    }

    private async ValueTask InspectOctetsAsync(BodyPart part, string extension, OpenContent open, Findings found, CancellationToken cancellationToken)
    {
        var inspection = new AttachmentInspection(extension, $"{part.Type}/{part.Subtype}", _executables, limits, found.Reasons);
        var decoder = AttachmentInspection.DecoderOf(part);
        var octets = ArrayPool<byte>.Shared.Rent(BufferSize);
        var decoded = decoder is null ? [] : ArrayPool<byte>.Shared.Rent(decoder.EstimateOutputLength(BufferSize));
        try
        {
            var body = await open(part.BodyOffset, part.BodyLength, cancellationToken);
            await using var closing = body;
            while (inspection.WantsMore && await body.ReadAsync(octets.AsMemory(0, BufferSize), cancellationToken) is var read and > 0)
            {
                if (!found.MayDecode(read)) break;
                inspection.Write(decoder is null ? octets.AsSpan(0, read) : decoded.AsSpan(0, decoder.Decode(octets, 0, read, decoded)));
            }
            inspection.Complete();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(octets);
            if (decoder is not null) ArrayPool<byte>.Shared.Return(decoded);
        }
    }

    /// <summary>The text with its tags.</summary>
    private async ValueTask<string> ReadTextAsync(BodyPart part, OpenContent open, Findings found, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var body = await open(part.BodyOffset, part.BodyLength, cancellationToken);
        await using var closing = body;
        await foreach (var piece in PartText.ReadAsync(part with { Subtype = "plain" }, body, cancellationToken))
        {
            text.Append(piece.Span[..Math.Min(piece.Length, limits.MaxText - text.Length)]);
            if (text.Length < limits.MaxText) continue;
            found.Reasons.Add(ContentReason.Limits);
            break;
        }
        return text.ToString();
    }

    private async ValueTask InspectAuthorAsync(MessageEnvelope envelope, Findings found, CancellationToken cancellationToken)
    {
        foreach (var author in envelope.From.Where(author => author is { Host: not null, Mailbox: not null }).Take(20))
        {
            var domain = DomainName.Normalize(author.Host!);
            var isOfUs = domain.Length > 0 && await isOurs(domain, cancellationToken);
            if (isOfUs) found.Reasons.Add(ContentReason.AuthorIsOurs);
            if (author.Name is not { Length: > 0 } name) continue;
            foreach (var word in HeaderText.Decode(name).Split([' ', '\t', '<', '>', '(', ')', '[', ']', '"', '\'', ',', ';', ':', '\u00a0', '\u3000'], StringSplitOptions.RemoveEmptyEntries).Take(MaxAuthorWords))
            {
                var at = word.LastIndexOf('@');
                var claimed = DomainName.Normalize(word[(at + 1)..].TrimEnd('.'));
                if (!claimed.Contains('.', StringComparison.Ordinal) || claimed.Length > 253 || DomainName.ToAscii(claimed) is null) continue;
                if (at >= 0 && !PublicSuffixes.AreOfOneOrganization(claimed, domain)) found.Reasons.Add(ContentReason.AuthorNameAddress);
                if (!isOfUs && await isOurs(claimed, cancellationToken)) found.Reasons.Add(ContentReason.AuthorImpersonatesUs);
            }
        }
    }

    /// <summary>What was found so far, and how much more may be looked at.</summary>
    private sealed class Findings(InspectionLimits limits)
    {
        private const int MaxExtensions = 50;

        private readonly HashSet<string> _extensions = new(StringComparer.Ordinal);
        private int _parts;
        private long _octets;

        public HashSet<string> Reasons { get; } = new(StringComparer.Ordinal);

        public int Attachments { get; set; }

        public bool MayLookAtPart() => Within(++_parts <= limits.MaxParts);

        public bool MayDecode(int octets) => Within((_octets += octets) <= limits.MaxOctets);

        public void NoteExtension(string extension)
        {
            if (extension.Length > 0 && _extensions.Count < MaxExtensions) _extensions.Add(extension);
        }

        public ContentFindings ToFindings() => new([.. ContentReason.All.Where(Reasons.Contains)], [.. _extensions.Order(StringComparer.Ordinal)], Attachments);

        private bool Within(bool limit)
        {
            if (!limit) Reasons.Add(ContentReason.Limits);
            return limit;
        }
    }
}
