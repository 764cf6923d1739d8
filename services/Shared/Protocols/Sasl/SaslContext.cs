using System.Net;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>What an exchange knows of the connection around it.</summary>
/// <param name="Client">Null where it is not known; failures are then counted for the login alone.</param>
public sealed record SaslContext(IDirectory Directory, LoginProtocol Protocol, IPAddress? Client)
{
    /// <summary>Of TLS 1.3 (RFC 9266); who offers a -PLUS mechanism there has to have it.</summary>
    public const string TlsExporter = "tls-exporter";

    /// <summary>The hash of our certificate (RFC 5929 §4).</summary>
    public const string TlsServerEndPoint = "tls-server-end-point";

    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoBindings = [];

    /// <summary>Channel bindings of the TLS connection by their names (RFC 5056); none on a plain one.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ChannelBindings { get; init; } = NoBindings;

    /// <summary>Null where no authorization server is configured.</summary>
    public ITokenCheck? Tokens { get; init; }

    public bool OffersPlus => ChannelBindings.ContainsKey(TlsExporter);
}
