using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace Merpati.OutboundRelay.Sending;

/// <summary>Section <c>Sending</c> of the configuration: how connections to other servers are made.</summary>
public sealed class SendingOptions : IValidatableObject
{
    public const string Section = "Sending";

    /// <summary>Time for TCP.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The address that IPv4 connections come from; none means that the system chooses.</summary>
    public string? SourceAddressIPv4 { get; set; }

    /// <summary>The address that IPv6 connections come from; none means that the system chooses.</summary>
    public string? SourceAddressIPv6 { get; set; }

    internal IPAddress? SourceAddress(AddressFamily family)
        => (family == AddressFamily.InterNetwork ? SourceAddressIPv4 : SourceAddressIPv6) is { Length: > 0 } text ? IPAddress.Parse(text) : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsAddress(SourceAddressIPv4, AddressFamily.InterNetwork)) yield return new ValidationResult($"'{SourceAddressIPv4}' is no IPv4 address; write 192.0.2.1, an address of this machine.", [nameof(SourceAddressIPv4)]);
        if (!IsAddress(SourceAddressIPv6, AddressFamily.InterNetworkV6)) yield return new ValidationResult($"'{SourceAddressIPv6}' is no IPv6 address; write 2001:db8::1, an address of this machine.", [nameof(SourceAddressIPv6)]);
    }

    private static bool IsAddress(string? text, AddressFamily family) => string.IsNullOrEmpty(text) || (IPAddress.TryParse(text, out var address) && address.AddressFamily == family);
}
