using System.Text.Json.Serialization;

namespace Merpati.Administration;

/// <summary>A key with which a domain signs; never its private half.</summary>
/// <param name="Algorithm"><c>rsa</c> or <c>ed25519</c>.</param>
/// <param name="State"><c>announced</c>, <c>active</c> or <c>retired</c>.</param>
/// <param name="RecordName">Where the TXT record goes.</param>
/// <param name="RecordText">Its text in one piece; a zone file splits it into strings of 255 octets.</param>
public sealed record DkimKeyView(string Domain, string Selector, string Algorithm, string State, DateTimeOffset CreatedAt, DateTimeOffset ChangedAt, string RecordName, string RecordText)
{
    /// <summary>The record as a line of a zone file (RFC 1035 §3.3.14).</summary>
    public string ZoneLine() => $"{RecordName}. IN TXT ( {string.Join(' ', RecordText.Chunk(255).Select(chunk => $"\"{new string(chunk)}\""))} )";
}

/// <summary>Keys to be made.</summary>
/// <param name="Algorithm"><c>rsa</c>, <c>ed25519</c> or <c>both</c>.</param>
/// <param name="Now">Sign without waiting for the record to be seen in DNS.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewDkimKey(string Algorithm = "both", string? Selector = null, bool Now = false);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DkimRotation(bool Now = false);
