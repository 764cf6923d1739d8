using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Merpati.Relaying;

namespace Merpati.Mail.Dns;

/// <summary>The daily report to a domain (RFC 8460 §4).</summary>
/// <param name="Organization">Whose report it is: organization-name.</param>
/// <param name="Contact">An address of ours for questions: contact-info.</param>
/// <param name="Submitter">Our domain, for the name of the file and the header fields of the message (§5.1, §5.3).</param>
/// <param name="Unique">Makes the report's id one of its own.</param>
public sealed record TlsReport(string Organization, string Contact, string Submitter, string Unique, DomainSessions Sessions)
{
    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.Default };

    private DateTime Start => Sessions.Day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);

    // The end is the day's last second, as in the example of appendix B.
    private DateTime End => Start.AddDays(1).AddSeconds(-1);

    /// <summary>report-id, and the Report-ID of the subject (§5.3).</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Start:yyyy-MM-dd'T'HH:mm:ss'Z'}_{Sessions.Domain}_{Unique}");

    /// <summary>§5.1: <c>submitter!domain!begin!end!unique.json.gz</c>, the times in seconds since 1970.</summary>
    public string FileName => string.Create(CultureInfo.InvariantCulture, $"{Submitter}!{Sessions.Domain}!{Seconds(Start)}!{Seconds(End)}!{Unique}.json.gz");

    /// <summary>§5.3.</summary>
    public string Subject => $"Report Domain: {Sessions.Domain} Submitter: {Submitter} Report-ID: <{Unique}@{Submitter}>";

    /// <summary>The document, not compressed: application/tlsrpt+json.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Format)) Write(json);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>As it is sent: application/tlsrpt+gzip.</summary>
    public byte[] ToGzip()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(ToJson());
        return packed.ToArray();
    }

    /// <summary>The result types of §4.3 as they stand in reports.</summary>
    public static string ResultType(TlsFailure failure) => failure switch
    {
        TlsFailure.StartTlsNotSupported => "starttls-not-supported",
        TlsFailure.CertificateHostMismatch => "certificate-host-mismatch",
        TlsFailure.CertificateExpired => "certificate-expired",
        TlsFailure.CertificateNotTrusted => "certificate-not-trusted",
        TlsFailure.TlsaInvalid => "tlsa-invalid",
        TlsFailure.DnssecInvalid => "dnssec-invalid",
        TlsFailure.DaneRequired => "dane-required",
        TlsFailure.StsPolicyFetchError => "sts-policy-fetch-error",
        TlsFailure.StsPolicyInvalid => "sts-policy-invalid",
        TlsFailure.StsWebPkiInvalid => "sts-webpki-invalid",
        _ => "validation-failure",
    };

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("organization-name", Organization);
        json.WriteStartObject("date-range");
        json.WriteString("start-datetime", Start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteString("end-datetime", End.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.WriteString("contact-info", Contact);
        json.WriteString("report-id", Id);
        json.WriteStartArray("policies");
        foreach (var policy in Sessions.Policies) Write(json, policy);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PolicySessions sessions)
    {
        json.WriteStartObject();
        json.WriteStartObject("policy");
        json.WriteString("policy-type", sessions.Policy.Type switch { ReportedPolicyType.Tlsa => "tlsa", ReportedPolicyType.Sts => "sts", _ => "no-policy-found" });
        WriteList(json, "policy-string", sessions.Policy.Text);
        json.WriteString("policy-domain", sessions.Policy.Domain);
        WriteList(json, "mx-host", sessions.Policy.Mx);
        json.WriteEndObject();
        json.WriteStartObject("summary");
        json.WriteNumber("total-successful-session-count", sessions.Successes);
        json.WriteNumber("total-failure-session-count", sessions.Failures);
        json.WriteEndObject();
        if (sessions.Details.Count > 0)
        {
            json.WriteStartArray("failure-details");
            foreach (var detail in sessions.Details) Write(json, detail);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CountedFailure counted)
    {
        var failure = counted.Failure;
        json.WriteStartObject();
        json.WriteString("result-type", ResultType(failure.Type));
        WriteIfKnown(json, "sending-mta-ip", failure.SendingIp?.ToString());
        WriteIfKnown(json, "receiving-mx-hostname", failure.ReceivingMx);
        WriteIfKnown(json, "receiving-mx-helo", failure.ReceivingHelo);
        WriteIfKnown(json, "receiving-ip", failure.ReceivingIp?.ToString());
        json.WriteNumber("failed-session-count", counted.Sessions);
        WriteIfKnown(json, "failure-reason-code", failure.Detail);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0) return;
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteIfKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) json.WriteString(name, value);
    }

    private static long Seconds(DateTime time) => new DateTimeOffset(time).ToUnixTimeSeconds();
}
