using System.Globalization;

namespace Merpati.Mail.Dns;

/// <summary>What a domain wants where its policy is not met (RFC 8461 §5).</summary>
public enum MtaStsMode
{
    /// <summary>The domain has no policy any more.</summary>
    None = 0,

    /// <summary>Send, and report.</summary>
    Testing = 1,

    /// <summary>Do not send.</summary>
    Enforce = 2,
}

/// <summary>The policy of a domain: which hosts take its mail, with certificates for their names (RFC 8461 §3.2).</summary>
/// <param name="Mx">Host names, or <c>*.</c> and what follows the first label. Lower case, A-labels.</param>
/// <param name="MaxAge">How long it holds after it was fetched.</param>
/// <param name="Lines">As the domain wrote it, line by line, for reports (RFC 8460 §4.2).</param>
public sealed record MtaStsPolicy(MtaStsMode Mode, IReadOnlyList<string> Mx, TimeSpan MaxAge, IReadOnlyList<string> Lines)
{
    /// <summary>The largest file that is read.</summary>
    public const int MaxOctets = 65_536;

    private const long LongestMaxAge = 31_557_600;

    /// <summary>RFC 8461 §4.1: the whole name, or with <c>*.</c> all but its first label.</summary>
    public bool Matches(string host)
    {
        if (!HostName.TryNormalize(host, out var name)) return false;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var parent = dot < 0 ? null : name[(dot + 1)..];
        return Mx.Any(pattern => pattern.StartsWith("*.", StringComparison.Ordinal) ? parent is not null && pattern.AsSpan(2).SequenceEqual(parent) : pattern == name);
    }

    /// <summary>Null and a reason where the text is not a policy. Unknown keys are allowed; of a key that stands twice the first counts, except for mx.</summary>
    public static MtaStsPolicy? Parse(string text, out string reason)
    {
        reason = "";
        string? version = null, mode = null, maxAge = null;
        var mx = new List<string>();
        var lines = new List<string>();
        foreach (var ended in text.Split('\n'))
        {
            var line = (ended.EndsWith('\r') ? ended[..^1] : ended).TrimEnd(' ', '\t');
            if (line.Length == 0) continue;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !IsKey(line.AsSpan(0, colon))) return No("a line is not of the form 'key: value'", out reason);
            var value = line[(colon + 1)..].TrimStart(' ', '\t');
            lines.Add(line);
            switch (line[..colon])
            {
                case "version":
                    version ??= value;
                    break;
                case "mode":
                    mode ??= value;
                    break;
                case "max_age":
                    maxAge ??= value;
                    break;
                case "mx":
                    if (Pattern(value) is not { } pattern) return No("an mx is not a host name", out reason);
                    mx.Add(pattern);
                    break;
                default:
                    break;
            }
        }
        if (version != "STSv1") return No("the version is not STSv1", out reason);
        MtaStsMode? parsed = mode switch { "enforce" => MtaStsMode.Enforce, "testing" => MtaStsMode.Testing, "none" => MtaStsMode.None, _ => null };
        if (parsed is null) return No("the mode is not enforce, testing or none", out reason);
        if (maxAge is not { Length: > 0 and <= 10 } || !long.TryParse(maxAge, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > LongestMaxAge)
            return No(string.Create(CultureInfo.InvariantCulture, $"max_age is not a number up to {LongestMaxAge}"), out reason);
        if (mx.Count == 0 && parsed != MtaStsMode.None) return No("there is no mx", out reason);
        return new MtaStsPolicy(parsed.Value, mx, TimeSpan.FromSeconds(seconds), lines);
    }

    private static MtaStsPolicy? No(string why, out string reason)
    {
        reason = why;
        return null;
    }

    private static bool IsKey(ReadOnlySpan<char> key)
    {
        foreach (var c in key)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')) return false;
        }
        return key.Length <= 32;
    }

    private static string? Pattern(string value)
    {
        var wildcard = value.StartsWith("*.", StringComparison.Ordinal);
        if (!HostName.TryNormalize(wildcard ? value[2..] : value, out var name)) return null;
        return wildcard ? "*." + name : name;
    }
}
