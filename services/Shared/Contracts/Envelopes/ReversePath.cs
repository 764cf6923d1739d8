using Merpati.Addresses;

namespace Merpati.Envelopes;

/// <summary>The reverse-path of MAIL FROM: an address, or the null path <c>&lt;&gt;</c> of delivery reports (RFC 5321 §4.5.5).</summary>
public readonly record struct ReversePath(EmailAddress? Address)
{
    public static ReversePath Null => default;

    public bool IsNull => Address is null;

    /// <summary>With angle brackets, as in Return-Path.</summary>
    public override string ToString() => Address is null ? "<>" : $"<{Address}>";
}
