namespace Merpati.Mail.Dns;

/// <summary>The TXT record at <c>_smtp._tls.&lt;domain&gt;</c>: where the domain wants its reports (RFC 8460 §3).</summary>
/// <param name="Mailto">Addresses, as they stand in the record's mailto: URIs.</param>
/// <param name="Https">For a POST of the report.</param>
public sealed record TlsReportingRecord(IReadOnlyList<string> Mailto, IReadOnlyList<Uri> Https)
{
    // Whoever names more wants something else from us than a report.
    private const int MaxTargets = 10;

    /// <summary>Null when the domain wants no reports: no record, more than one, or one without a target that we know.</summary>
    public static async ValueTask<TlsReportingRecord?> FindAsync(IMailDns dns, string domain, CancellationToken cancellationToken)
        => await dns.TextsAsync("_smtp._tls." + domain, cancellationToken) is DnsAnswer<string>.Found found ? Find(found.Records) : null;

    public static TlsReportingRecord? Find(IEnumerable<string> texts)
    {
        if (TaggedText.Single(texts, "v=TLSRPTv1") is not { } fields) return null;
        var mailto = new List<string>();
        var https = new List<Uri>();
        foreach (var field in fields.Where(field => field.Key == "rua"))
        {
            // A comma within a URI is written as %2C (§3).
            foreach (var target in field.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                if (mailto.Count + https.Count == MaxTargets || !Uri.TryCreate(target, UriKind.Absolute, out var uri)) continue;
                if (uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0) https.Add(uri);
                else if (uri.Scheme == Uri.UriSchemeMailto && AddressOf(target) is { } address) mailto.Add(address);
            }
        }
        return mailto.Count + https.Count > 0 ? new TlsReportingRecord(mailto, https) : null;
    }

    private static string? AddressOf(string mailto)
    {
        var address = Uri.UnescapeDataString(mailto["mailto:".Length..].Split('?')[0]);
        return Addresses.EmailAddress.TryParse(address, out _) ? address : null;
    }
}
