using System.Text.Json.Serialization;

namespace Merpati.Standalone.Ports;

/// <summary>How a client gets TLS on a port.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PortSecurity>))]
internal enum PortSecurity
{
    [JsonStringEnumMemberName("none")]
    None = 0,

    [JsonStringEnumMemberName("starttls")]
    StartTls,

    [JsonStringEnumMemberName("tls")]
    Tls,
}

/// <summary>A port as a person types it into a mail client.</summary>
/// <param name="Protocol">smtp, submission, submissions, imap, imaps, pop3, pop3s, http.</param>
internal sealed record PortRow(string Protocol, string Use, int Port, PortSecurity Security);

/// <summary>The ports of the protocols: IANA's numbers (RFC 6409, RFC 8314), to which the offset is added.</summary>
internal static class PortTable
{
    public const int Http = 80;

    public static IReadOnlyList<PortRow> Standard { get; } =
    [
        new("smtp", "mail from other servers", 25, PortSecurity.StartTls),
        new("submission", "sending", 587, PortSecurity.StartTls),
        new("submissions", "sending", 465, PortSecurity.Tls),
        new("imap", "reading", 143, PortSecurity.StartTls),
        new("imaps", "reading", 993, PortSecurity.Tls),
        new("pop3", "reading", 110, PortSecurity.StartTls),
        new("pop3s", "reading", 995, PortSecurity.Tls),
        new("http", "health, metrics, admin", Http, PortSecurity.None),
    ];

    public static IReadOnlyList<PortRow> WithOffset(int offset) => [.. Standard.Select(row => row with { Port = row.Port + offset })];
}
