using Merpati.Addresses;
using Merpati.Mailboxes;
using MimeKit;

namespace Merpati.Mail;

/// <summary>What a report says of one recipient (RFC 3464 §2.3).</summary>
/// <param name="Final">The address that it was about in the end; null where it cannot be read.</param>
/// <param name="Original">The address that we gave (ORCPT); null where the report does not say.</param>
/// <param name="Action">In lower case: failed, delayed, delivered…</param>
public sealed record ReceivedOutcome(EmailAddress? Final, EmailAddress? Original, string Action, string Status, string Diagnostic);

/// <summary>A multipart/report (RFC 6522) that came in, about a message that somebody sent: data of a stranger, bounded.</summary>
/// <param name="Received">The Received fields of the message that it is about, unfolded, from the top.</param>
public abstract record ReceivedReport(IReadOnlyList<string> Received)
{
    private const int MaxPart = 128 * 1024;
    private const int MaxRecipients = 100;
    private const int MaxReceived = 50;
    private const int MaxText = 300;

    /// <summary>A delivery status notification (RFC 3464, RFC 6533).</summary>
    public sealed record Delivery(string ReportingMta, IReadOnlyList<ReceivedOutcome> Outcomes, IReadOnlyList<string> Received) : ReceivedReport(Received);

    /// <summary>A feedback report (ARF, RFC 5965).</summary>
    /// <param name="Type">Feedback-Type in lower case: abuse, fraud, not-spam…</param>
    /// <param name="Recipients">Original-Rcpt-To; often there is none.</param>
    public sealed record Feedback(string Type, string Agent, IReadOnlyList<EmailAddress> Recipients, IReadOnlyList<string> Received) : ReceivedReport(Received);

    /// <summary>The report type of the message says that it is one of these.</summary>
    public static bool Is(MessageStructure structure)
        => structure.Root is { IsMultipart: true, Subtype: "report" } root && root.Parameters.FirstOrDefault(one => one.Name.Equals("report-type", StringComparison.OrdinalIgnoreCase))?.Value.ToLowerInvariant() is "delivery-status" or "feedback-report";

    /// <summary>Null when it is none that can be read.</summary>
    /// <param name="open">Opens a range of the message.</param>
    public static async ValueTask<ReceivedReport?> ReadAsync(MessageStructure structure, Func<long, long, CancellationToken, ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        if (!Is(structure)) return null;
        IReadOnlyList<Fields>? status = null;
        Fields? feedback = null;
        IReadOnlyList<string> received = [];
        foreach (var part in structure.Root.Children.Take(5))
        {
            switch (part.Type, part.Subtype)
            {
                case ("message", "delivery-status" or "global-delivery-status") when status is null:
                    status = (await LoadAsync(part, open, cancellationToken) is { } text) ? Groups(text) : null;
                    break;
                case ("message", "feedback-report") when feedback is null:
                    feedback = (await LoadAsync(part, open, cancellationToken) is { } fields) ? Groups(fields).FirstOrDefault() : null;
                    break;
                case ("message", "rfc822" or "global" or "rfc822-headers" or "global-headers") or ("text", "rfc822-headers") when received.Count == 0:
                    received = await LoadAsync(part, open, cancellationToken) is { } original ? ReceivedOf(original) : [];
                    break;
            }
        }
        if (status is { Count: > 0 }) return new Delivery(Typed(status[0]["Reporting-MTA"]), [.. status.Skip(1).Take(MaxRecipients).Select(Outcome)], received);
        if (feedback is null) return null;
        var recipients = feedback.All("Original-Rcpt-To").Take(MaxRecipients).Select(Address).OfType<EmailAddress>();
        return new Feedback(Word(feedback["Feedback-Type"]), Short(feedback["User-Agent"]), [.. recipients], received);
    }

    private static ReceivedOutcome Outcome(Fields fields) => new(
        Address(Typed(fields["Final-Recipient"])), Address(Typed(fields["Original-Recipient"])), Word(fields["Action"]), Word(fields["Status"]), Short(Typed(fields["Diagnostic-Code"])));

    /// <summary>The body of the part with its transfer encoding undone, cut where it is too long.</summary>
    private static async ValueTask<MemoryStream?> LoadAsync(BodyPart part, Func<long, long, CancellationToken, ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        var octets = new byte[(int)Math.Min(part.BodyLength, MaxPart)];
        await using (var stream = await open(part.BodyOffset, octets.Length, cancellationToken)) await stream.ReadExactlyAsync(octets, cancellationToken);
        if (!MimeKit.Utils.MimeUtils.TryParse(part.Encoding, out ContentEncoding encoding)) return null;
        using var content = new MimeContent(new MemoryStream(octets, writable: false), encoding);
        var decoded = new MemoryStream(octets.Length);
        await content.DecodeToAsync(decoded, cancellationToken);
        decoded.Position = 0;
        return decoded;
    }

    /// <summary>Groups of fields with empty lines between them.</summary>
    private static List<Fields> Groups(MemoryStream text)
    {
        var groups = new List<Fields>();
        var lines = new List<string>();
        using var reader = new StreamReader(text, System.Text.Encoding.UTF8);
        while (groups.Count <= MaxRecipients)
        {
            var line = reader.ReadLine();
            if (!string.IsNullOrWhiteSpace(line))
            {
                lines.Add(line);
                continue;
            }
            if (lines.Count > 0) groups.Add(new Fields(Unfold(lines)));
            lines.Clear();
            if (line is null) break;
        }
        return groups;
    }

    private static IReadOnlyList<string> ReceivedOf(MemoryStream header)
    {
        using var reader = new StreamReader(header, System.Text.Encoding.UTF8);
        var lines = new List<string>();
        while (reader.ReadLine() is { Length: > 0 } line) lines.Add(line);
        return [.. Unfold(lines).Where(line => line.StartsWith("Received:", StringComparison.OrdinalIgnoreCase)).Take(MaxReceived)];
    }

    private static IEnumerable<string> Unfold(IEnumerable<string> lines)
    {
        string? field = null;
        foreach (var line in lines)
        {
            if (line[0] is ' ' or '\t' && field is not null)
            {
                if (field.Length < 4000) field += line;
                continue;
            }
            if (field is not null) yield return field;
            field = line;
        }
        if (field is not null) yield return field;
    }

    /// <summary>What stands behind the type: <c>rfc822; ann@example.org</c>.</summary>
    private static string Typed(string? value) => Short(value is null ? "" : value[(value.IndexOf(';', StringComparison.Ordinal) + 1)..].Trim());

    private static EmailAddress? Address(string? text) => EmailAddress.TryParse(text?.Trim().TrimStart('<').TrimEnd('>'), out var address) ? address : null;

    private static string Word(string? value) => Short(value?.Trim().Split(' ', '\t', '(')[0]).ToLowerInvariant();

    private static string Short(string? text) => string.Concat((text ?? "").Where(letter => !char.IsControl(letter)).Take(MaxText));

    /// <summary>Fields by name, whatever stands in them: MimeKit's would parse those that it knows, and throw.</summary>
    private sealed class Fields(IEnumerable<string> lines)
    {
        private readonly List<(string Name, string Value)> _fields = [.. lines.Select(line => line.Split(':', 2)).Where(pair => pair.Length == 2).Select(pair => (pair[0].Trim(), pair[1].Trim()))];

        /// <summary>The first of the name; null without one.</summary>
        public string? this[string name] => All(name).FirstOrDefault();

        public IEnumerable<string> All(string name) => _fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);
    }
}
