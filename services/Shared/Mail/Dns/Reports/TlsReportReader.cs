using System.Globalization;
using System.Text.Json;

namespace Merpati.Mail.Dns;

/// <summary>Sessions that failed alike, as somebody tells of them (RFC 8460 §4.3): the words are theirs.</summary>
/// <param name="Type">result-type.</param>
/// <param name="Mx">receiving-mx-hostname; empty when it is not told, as the others.</param>
/// <param name="SendingIp">sending-mta-ip.</param>
/// <param name="Reason">failure-reason-code.</param>
public sealed record ToldTlsFailure(string Type, string Mx, string SendingIp, string Reason, long Sessions);

/// <summary>What became of sessions under one policy.</summary>
/// <param name="Type">tlsa, sts or no-policy-found.</param>
/// <param name="Domain">The policy domain: of MTA-STS that of the addresses, of DANE often that of a host.</param>
public sealed record ToldTlsPolicy(string Type, string Domain, long Successes, long Failures, IReadOnlyList<ToldTlsFailure> Details);

/// <summary>A TLS report of somebody else (RFC 8460 §4).</summary>
public sealed record ToldTlsReport(string Organization, string Id, DateTimeOffset Begin, DateTimeOffset End, IReadOnlyList<ToldTlsPolicy> Policies);

/// <summary>Reads TLS reports of others as they are found: whatever is missing is empty, whatever is unknown is passed over, and nothing grows without end.</summary>
public static class TlsReportReader
{
    private const int MaxPolicies = 100;
    private const int MaxDetails = 5000;
    private const int MaxText = 300;
    private const long MaxSessions = 1_000_000_000_000;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 20 };

    /// <param name="json">Its length is bounded by the caller.</param>
    /// <exception cref="InvalidDataException">It is no report; the message says why.</exception>
    public static ToldTlsReport Read(Stream json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            return Report(document.RootElement);
        }
        catch (JsonException fault) { throw new InvalidDataException($"its JSON is wrong: {fault.Message}", fault); }
    }

    private static ToldTlsReport Report(JsonElement report)
    {
        if (report.ValueKind != JsonValueKind.Object || List(report, "policies") is not { Count: > 0 } policies) throw new InvalidDataException("it is no TLS report");
        if (policies.Count > MaxPolicies) throw new InvalidDataException($"it has more than {MaxPolicies} policies");
        var range = Find(report, "date-range");
        var left = MaxDetails;
        return new ToldTlsReport(Text(report, "organization-name"), Text(report, "report-id"), Time(range, "start-datetime"), Time(range, "end-datetime"), [.. policies.Select(policy => Policy(policy, ref left))]);
    }

    private static ToldTlsPolicy Policy(JsonElement sessions, ref int left)
    {
        var (policy, summary) = (Find(sessions, "policy"), Find(sessions, "summary"));
        var details = List(sessions, "failure-details") ?? [];
        if ((left -= details.Count) < 0) throw new InvalidDataException($"it has more than {MaxDetails} kinds of failures");
        return new ToldTlsPolicy(
            Text(policy, "policy-type"), Text(policy, "policy-domain").ToLowerInvariant(), Number(summary, "total-successful-session-count"), Number(summary, "total-failure-session-count"),
            [.. details.Select(detail => new ToldTlsFailure(Text(detail, "result-type"), Text(detail, "receiving-mx-hostname").ToLowerInvariant(), Text(detail, "sending-mta-ip"), Text(detail, "failure-reason-code"), Number(detail, "failed-session-count")))]);
    }

    private static JsonElement Find(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var found) ? found : default;

    private static List<JsonElement>? List(JsonElement of, string name) => Find(of, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : null;

    private static string Text(JsonElement of, string name)
    {
        if (Find(of, name) is not { ValueKind: JsonValueKind.String } found) return "";
        try { return string.Concat((found.GetString() ?? "").Where(letter => !char.IsControl(letter)).Take(MaxText)).Trim(); }
        // Half a surrogate pair, written as an escape.
        catch (InvalidOperationException fault) { throw new InvalidDataException($"the text of {name} is none", fault); }
    }

    /// <summary>Some write numbers as text.</summary>
    private static long Number(JsonElement of, string name)
    {
        var found = Find(of, name);
        if (found.ValueKind == JsonValueKind.Number && found.TryGetInt64(out var number)) return Math.Clamp(number, 0, MaxSessions);
        return long.TryParse(Text(of, name), NumberStyles.None, CultureInfo.InvariantCulture, out number) ? Math.Min(number, MaxSessions) : 0;
    }

    private static DateTimeOffset Time(JsonElement range, string name)
        => DateTimeOffset.TryParse(Text(range, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : throw new InvalidDataException("it does not say which time it is about");
}
