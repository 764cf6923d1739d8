using System.Globalization;

namespace Merpati.Addresses;

/// <summary>Domain names as the directory keys them (RFC 5321 §2.3.5, RFC 5890).</summary>
public static class DomainName
{
    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = true };

    /// <summary>
    /// Lower case, no trailing dot, A-labels shown as U-labels, so that <c>XN--BCHER-KVA.example</c> and <c>bücher.example</c> are one key.
    /// What cannot be mapped (an address literal, an invalid label) is only lower-cased.
    /// </summary>
    public static string Normalize(string domain)
    {
        var lower = domain.TrimEnd('.').ToLowerInvariant();
        if (!lower.Contains("xn--", StringComparison.Ordinal) && System.Text.Ascii.IsValid(lower)) return lower;
        try { return Idn.GetUnicode(Idn.GetAscii(lower)).ToLowerInvariant(); }
        catch (ArgumentException) { return lower; }
    }

    /// <summary>The name in A-labels, as DNS and RFC 5321 want it; null when it has none.</summary>
    public static string? ToAscii(string domain)
    {
        if (System.Text.Ascii.IsValid(domain)) return domain;
        try { return Idn.GetAscii(domain); }
        catch (ArgumentException) { return null; }
    }
}
