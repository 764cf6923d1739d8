namespace Merpati.Protocols.Smtp.Extensions;

/// <summary>MT-PRIORITY (RFC 6710): -9 to 9, higher goes first.</summary>
internal static class MtPriority
{
    /// <summary><c>(["-"] NZDIGIT) / "0"</c> (RFC 6710 §7).</summary>
    public static bool TryParse(string value, out int priority)
    {
        priority = 0;
        switch (value)
        {
            case "0": return true;
            case [>= '1' and <= '9']: priority = value[0] - '0'; return true;
            case ['-', >= '1' and <= '9']: priority = '0' - value[1]; return true;
            default: return false;
        }
    }

    /// <summary>The message is taken, and goes with a lower priority than it asked for (RFC 6710 §4.3, X.3.6).</summary>
    public static SmtpReply Lowered(int granted) => new(250, "2.3.6", FormattableString.Invariant($"{granted} is the highest priority here"));
}
