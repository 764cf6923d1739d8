using System.Net;
using System.Text;

namespace Merpati.Mail.Auth;

/// <summary>All that was found out about who sends a message.</summary>
/// <param name="Sender">The reverse-path without brackets; empty for the null one.</param>
/// <param name="Hello">What the client called itself.</param>
/// <param name="Dkim">From the top; empty without a signature.</param>
public sealed record MessageVerdict(IPAddress Client, string Sender, string Hello, IprevResult Iprev, SpfResult HelloSpf, SpfResult Spf, IReadOnlyList<DkimResult> Dkim, DmarcResult Dmarc, ArcResult Arc)
{
    /// <summary>What DNS lists say of the client and the domains of the message.</summary>
    public DnsListsResult Lists { get; init; } = DnsListsResult.None;
}

/// <summary>
/// The header fields that tell of a <see cref="MessageVerdict"/>: Authentication-Results (RFC 8601) and Received-SPF (RFC 7208 §9.1).
/// A message may bring a forged one in our name. It is never changed; ours comes first, and whoever reads must trust the topmost with our name alone.
/// </summary>
public static class AuthenticationResults
{
    private const string Special = "()<>@,;:\\/[]?=\"";

    /// <param name="authServId">The name of this server.</param>
    /// <returns>Field and CRLF.</returns>
    public static string Write(string authServId, MessageVerdict verdict)
    {
        var field = new FoldedField("Authentication-Results");
        field.Piece(" " + authServId + ";");
        var results = Results(verdict).ToList();
        for (var i = 0; i < results.Count; i++) WriteResult(field, results[i], last: i == results.Count - 1);
        return Encoding.UTF8.GetString(field.Plain());
    }

    /// <summary>The results alone, for timelines and logs: <c>spf=pass dkim=fail dmarc=pass arc=none iprev=pass</c>. The words never change: they are the stable reason codes.</summary>
    public static string Summary(MessageVerdict verdict)
    {
        var dkim = verdict.Dkim.Count == 0 ? "dkim=none" : string.Join(' ', verdict.Dkim.Select(one => Method("dkim", one.Result)).Distinct());
        return $"{Method("spf", verdict.Spf.Result)} {dkim} {Method("dmarc", verdict.Dmarc.Result)} {Method("arc", verdict.Arc.Result)} {Method("iprev", verdict.Iprev.Result)}";
    }

    /// <returns>Field and CRLF, on one identity: MAIL FROM, or HELO for the null reverse-path.</returns>
    public static string WriteReceivedSpf(string receiver, MessageVerdict verdict)
    {
        var spf = verdict.Spf;
        var field = new FoldedField("Received-SPF");
        field.Piece(" " + spf.Result.Name());
        field.Piece($" ({Comment($"{receiver}: {SpfWords(verdict)}")})");
        field.Piece($" receiver={Value(receiver)};");
        field.Piece($" client-ip={verdict.Client};");
        field.Piece($" identity={(verdict.Sender.Length == 0 ? "helo" : "mailfrom")};");
        field.Piece($" envelope-from={Quoted(verdict.Sender)};");
        field.Piece($" helo={Value(verdict.Hello)}{(spf.Mechanism is null ? "" : ";")}");
        if (spf.Mechanism is { } mechanism) field.Piece($" mechanism={Quoted(mechanism)}");
        return Encoding.UTF8.GetString(field.Plain());
    }

    /// <summary>What we found when the message came, read back from the header fields that we put on top of it.</summary>
    /// <param name="ours">Those fields alone: what the message itself says of us proves nothing.</param>
    /// <returns>The results without our name, and what was said of the ARC chain; null when the message was not checked.</returns>
    public static (string Payload, AuthResult Arc)? ReadBack(ReadOnlyMemory<byte> ours, string authServId)
    {
        foreach (var field in RawHeader.Fields(ours))
        {
            if (!field.Is("Authentication-Results")) continue;
            var parts = field.Text.Split(';', 2);
            if (parts.Length < 2 || !parts[0].Trim().Equals(authServId, StringComparison.OrdinalIgnoreCase)) continue;
            var payload = string.Join(' ', parts[1].Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
            // Ours is always the last one, and nothing quoted can look like it.
            var arc = payload.LastIndexOf("; arc=", StringComparison.Ordinal) is var at and >= 0 ? payload[(at + 6)..].Split(' ')[0] : "";
            var result = Enum.GetValues<AuthResult>().FirstOrDefault(one => one.Name() == arc, AuthResult.TempError);
            return (payload, result);
        }
        return null;
    }

    private static IEnumerable<List<string>> Results(MessageVerdict verdict)
    {
        yield return [Method("iprev", verdict.Iprev.Result), .. Reason(verdict.Iprev.Reason), $"policy.iprev={Value(verdict.Client.ToString())}", .. verdict.Iprev.Name is { } name ? [$"({Comment(name)})"] : Array.Empty<string>()];
        yield return [Method("spf", verdict.HelloSpf.Result), .. Reason(verdict.HelloSpf.Reason), $"smtp.helo={Value(verdict.Hello)}"];
        if (verdict.Sender.Length > 0) yield return [Method("spf", verdict.Spf.Result), .. Reason(verdict.Spf.Reason), $"smtp.mailfrom={Value(verdict.Spf.Domain)}"];
        if (verdict.Dkim.Count == 0) yield return ["dkim=none"];
        foreach (var dkim in verdict.Dkim)
        {
            List<string> words = [Method("dkim", dkim.Result)];
            if (dkim.Testing) words.Add("(testing)");
            words.AddRange(Reason(dkim.Reason));
            if (dkim.Domain.Length > 0) words.Add($"header.d={Value(dkim.Domain)}");
            if (dkim.Selector.Length > 0) words.Add($"header.s={Value(dkim.Selector)}");
            if (dkim.Algorithm.Length > 0) words.Add($"header.a={Value(dkim.Algorithm)}");
            if (dkim.SignaturePrefix.Length > 0) words.Add($"header.b={Value(dkim.SignaturePrefix)}");
            yield return words;
        }
        // RFC 8904: who vouches for the client.
        foreach (var listing in verdict.Lists.Listings.Where(listing => listing.List is { IsAllowList: true, Kind: DnsListKind.Addresses })) yield return ["dnswl=pass", $"dns.zone={Value(listing.List.Zone)}", $"policy.ip={listing.Answer}"];
        yield return [Method("dmarc", verdict.Dmarc.Result), .. DmarcComment(verdict.Dmarc), .. Reason(verdict.Dmarc.Reason), .. verdict.Dmarc.Domain.Length > 0 ? [$"header.from={Value(verdict.Dmarc.Domain)}"] : Array.Empty<string>()];
        yield return [Method("arc", verdict.Arc.Result), .. verdict.Arc.Instances > 0 ? [$"(i={verdict.Arc.Instances})"] : Array.Empty<string>(), .. Reason(verdict.Arc.Reason)];
    }

    private static void WriteResult(FoldedField field, List<string> words, bool last)
    {
        field.NewLine();
        for (var i = 0; i < words.Count; i++) field.Piece(" " + words[i] + (i == words.Count - 1 && !last ? ";" : ""));
    }

    private static string SpfWords(MessageVerdict verdict)
    {
        var domain = verdict.Spf.Domain;
        return verdict.Spf.Result switch
        {
            AuthResult.Pass => $"domain of {domain} designates {verdict.Client} as permitted sender",
            AuthResult.Fail => $"domain of {domain} does not designate {verdict.Client} as permitted sender",
            AuthResult.SoftFail => $"domain of transitioning {domain} does not designate {verdict.Client} as permitted sender",
            AuthResult.Neutral => $"{verdict.Client} is neither permitted nor denied by domain of {domain}",
            AuthResult.None => $"domain of {domain} does not designate permitted sender hosts",
            _ => verdict.Spf.Reason ?? "no answer",
        };
    }

    private static string[] DmarcComment(DmarcResult dmarc) => dmarc.Record is null ? [] : [$"(p={dmarc.Policy.Name()})"];

    private static string Method(string name, AuthResult result) => $"{name}={result.Name()}";

    private static string[] Reason(string? reason) => reason is null ? [] : [$"reason={Quoted(reason)}"];

    /// <summary>A token (RFC 2045 §5.1), or else quoted; a domain goes as it is.</summary>
    private static string Value(string text)
        => text.Length > 0 && text.All(c => c is > ' ' and not '\x7f' && !Special.Contains(c, StringComparison.Ordinal) && !char.IsControl(c) && !char.IsWhiteSpace(c)) ? text : Quoted(text);

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in Plain(text))
        {
            if (c is '"' or '\\') quoted.Append('\\');
            quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    private static string Comment(string text) => Plain(text).Replace('(', '[').Replace(')', ']').Replace('\\', '/');

    /// <summary>What strangers wrote, on one line, no longer than a line may be and without what steers.</summary>
    private static string Plain(string text)
    {
        const int most = 300;
        var plain = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length >= most) break;
            if (Rune.IsControl(rune)) plain.Append(' ');
            else plain.Append(rune);
        }
        return plain.ToString();
    }
}
