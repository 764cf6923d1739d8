using System.Text;

namespace Merpati.Mail.Auth;

/// <summary>One header field as it stands in the message, its line ends with it.</summary>
/// <param name="Octets">From the first letter of the name to the last line end; folded as it was.</param>
/// <param name="NameLength">Octets of the name.</param>
/// <param name="ValueStart">Where the octets behind the colon begin.</param>
public readonly record struct RawField(ReadOnlyMemory<byte> Octets, int NameLength, int ValueStart)
{
    public ReadOnlySpan<byte> Name => Octets.Span[..NameLength];

    /// <summary>Behind the colon, with folding and the last line end.</summary>
    public ReadOnlySpan<byte> Value => Octets.Span[ValueStart..];

    /// <summary>The value as text, with folding; what is no UTF-8 becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Value);

    public bool Is(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(Name, name);

    public bool Is(string name) => Ascii.EqualsIgnoreCase(Name, name);
}
