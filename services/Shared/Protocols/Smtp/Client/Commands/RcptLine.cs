using System.Globalization;
using System.Text;
using Merpati.Envelopes;

namespace Merpati.Protocols.Smtp.Client.Commands;

/// <summary>RCPT (RFC 5321 §4.1.1.3) with the parameters of RFC 3461, where the server knows them.</summary>
internal static class RcptLine
{
    public static string Write(EnvelopeRecipient recipient, SmtpCapabilities capabilities, DeliverBy? deliverBy)
    {
        var line = new StringBuilder("RCPT TO:").Append(WirePath.Write(recipient.Address));
        if (!capabilities.Dsn) return line.ToString();
        var notify = deliverBy is { Mode: DeliverByMode.Notify } && !capabilities.DeliverBy ? WithDelay(recipient.Notify) : recipient.Notify;
        if (notify != DsnNotify.Unspecified) line.Append(" NOTIFY=").Append(Write(notify));
        if (recipient.OriginalRecipient is { } original) line.Append(" ORCPT=").Append(capabilities.SmtpUtf8 ? original : WithoutUtf8(original));
        return line.ToString();
    }

    /// <summary>RFC 2852 §4.1.4.2: who knows nothing of BY is asked to tell of a delay at least, but where nothing is to be told.</summary>
    private static DsnNotify WithDelay(DsnNotify notify)
        => notify.HasFlag(DsnNotify.Never) ? notify : (notify == DsnNotify.Unspecified ? DsnNotify.Failure : notify) | DsnNotify.Delay;

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
