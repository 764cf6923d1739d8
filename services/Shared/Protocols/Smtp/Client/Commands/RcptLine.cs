using System.Globalization;
using System.Text;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Client.Commands;

/// <summary>RCPT (RFC 5321 §4.1.1.3) with the parameters of RFC 3461, where the server knows them.</summary>
internal static class RcptLine
{
    public static string Write(EnvelopeRecipient recipient, SmtpCapabilities capabilities)
    {
        var line = new StringBuilder("RCPT TO:").Append(WirePath.Write(recipient.Address));
        if (!capabilities.Dsn) return line.ToString();
        if (recipient.Notify != DsnNotify.Unspecified) line.Append(" NOTIFY=").Append(Write(recipient.Notify));
        if (recipient.OriginalRecipient is { } original) line.Append(" ORCPT=").Append(capabilities.SmtpUtf8 ? original : WithoutUtf8(original));
        return line.ToString();
    }

    private static string Write(DsnNotify notify)
    {
        if (notify.HasFlag(DsnNotify.Never)) return "NEVER";
        return string.Join(',', Words());

        IEnumerable<string> Words()
        {
            if (notify.HasFlag(DsnNotify.Success)) yield return "SUCCESS";
            if (notify.HasFlag(DsnNotify.Failure)) yield return "FAILURE";
            if (notify.HasFlag(DsnNotify.Delay)) yield return "DELAY";
        }
    }

    /// <summary>utf-8-addr-xtext of RFC 6533 §3: what is not ASCII as <c>\x{…}</c>.</summary>
    private static string WithoutUtf8(string original)
    {
        if (Ascii.IsValid(original)) return original;
        var xtext = new StringBuilder();
        foreach (var rune in original.EnumerateRunes())
        {
            if (rune.IsAscii) xtext.Append(rune);
            else xtext.Append(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X}}}");
        }
        return xtext.ToString();
    }
}
