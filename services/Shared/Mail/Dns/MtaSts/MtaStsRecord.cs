namespace Merpati.Mail.Dns;

/// <summary>The TXT record at <c>_mta-sts.&lt;domain&gt;</c> that says which policy is the current one (RFC 8461 §3.1).</summary>
public sealed record MtaStsRecord(string Id)
{
    private const int MaxId = 32;

    /// <summary>Null unless exactly one of the records is for MTA-STS, and that one is well formed: then the domain has no policy.</summary>
    public static MtaStsRecord? Find(IEnumerable<string> texts) => TaggedText.Single(texts, "v=STSv1") is { } fields ? Parse(fields) : null;

    private static MtaStsRecord? Parse(IReadOnlyList<KeyValuePair<string, string>> fields)
    {
        // A field that stands twice counts where it stands first (§3.2).
        var id = fields.FirstOrDefault(field => field.Key == "id").Value;
        return id is { Length: > 0 and <= MaxId } && id.All(char.IsAsciiLetterOrDigit) ? new MtaStsRecord(id) : null;
    }
}
