using Merpati.Accounts;
using Merpati.Mail.Content;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>The scanner that is built in: attachments, links and the author's name. What it finds are facts for the policy; it asks for nothing itself.</summary>
internal sealed class ContentScanner(ContentOptions content, IDirectory directory) : IContentScanner
{
    private readonly MessageInspection _inspection = new(new InspectionLimits(content.MaxParts, content.MaxOctets), content.Executables.Select(extension => extension.TrimStart('.').ToLowerInvariant()).ToHashSet(StringComparer.Ordinal), directory.IsLocalDomainAsync);

    public ScannerOptions Options { get; } = new() { Name = "content", Timeout = content.Timeout, Submission = content.Submission, WhenAway = MissingAnswer.Accept, BreakAfter = 0 };

    public async ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        var structure = await message.StructureAsync(cancellationToken).ConfigureAwait(false);
        var findings = await _inspection.InspectAsync(structure, message.OpenAsync, cancellationToken).ConfigureAwait(false);
        // That the author is one of ours is a sign in mail from outside alone.
        if (message.Role == SmtpRole.Submission) findings = findings with { Reasons = [.. findings.Reasons.Where(reason => reason != ContentReason.AuthorIsOurs)] };
        return new ScanAnswer(Options.Name, findings.Reasons.Count > 0 ? "signs" : "clean") { Content = findings };
    }
}
