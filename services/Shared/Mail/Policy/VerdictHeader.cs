using System.Globalization;
using System.Text;

namespace Merpati.Mail.Policy;

/// <summary>
/// The header field that tells what was decided, <c>X-Merpati-Verdict</c>. It is put on top of the message with our other trace headers; only there it is believed,
/// never in the message itself.
/// </summary>
public static class VerdictHeader
{
    private const string Name = "X-Merpati-Verdict: ";

    /// <summary>Field and CRLF.</summary>
    public static string Write(DecisionCapsule decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        var verdict = decision.Verdict;
        var field = new StringBuilder(Name).Append(CultureInfo.InvariantCulture, $"{verdict.Action.Name()}; rule={verdict.Rule}; score={verdict.Score:0.###}; policy={decision.Policy}");
        if (verdict.To is { } to) field.Append(CultureInfo.InvariantCulture, $";\r\n\tto={to}");
        foreach (var tag in verdict.Tags) field.Append(CultureInfo.InvariantCulture, $";\r\n\ttag={tag}");
        return field.Append("\r\n").ToString();
    }

    /// <param name="ours">The header fields that we put on top of the message, and nothing of the message.</param>
    public static bool IsJunk(ReadOnlySpan<byte> ours)
    {
        foreach (var line in ours.Split((byte)'\n'))
        {
            if (ours[line].StartsWith("X-Merpati-Verdict: junk;"u8)) return true;
        }
        return false;
    }

    /// <summary>The last word on a recipient whose message is in quarantine; it begins with <see cref="QuarantinedPrefix"/>.</summary>
    public static string Quarantined(PolicyVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        return $"{QuarantinedPrefix} {verdict.Rule}{verdict.WithScore}";
    }

    public const string QuarantinedPrefix = "quarantined by the rule";
}
