namespace Merpati.Administration;

/// <summary>A record that a domain should have.</summary>
/// <param name="Name">Without the dot at the end.</param>
/// <param name="Value">As in a zone file; of a TXT record the text in one piece.</param>
/// <param name="Purpose">For whom it is.</param>
public sealed record DnsRecordView(string Name, string Type, string Value, string Purpose)
{
    /// <summary>As a line of a zone file (RFC 1035 §5.1).</summary>
    public string ZoneLine() => Type == "TXT" ? $"{Name}. IN TXT ( {string.Join(' ', Value.Chunk(255).Select(chunk => $"\"{new string(chunk)}\""))} )" : $"{Name}. IN {Type} {Value}";
}

/// <summary>A record, and what DNS says.</summary>
/// <param name="State"><c>there</c>, <c>other</c> (something else is there), <c>missing</c> or <c>unknown</c> (DNS gave no answer).</param>
/// <param name="Found">What is there.</param>
public sealed record DnsCheckView(string Name, string Type, string Value, string State, IReadOnlyList<string> Found);
