using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Merpati.Mail.Dns;

namespace Merpati.Mail.Auth;

/// <summary>One run of check_host() with its includes and redirects, and the limits that they share (RFC 7208 §4).</summary>
/// <param name="sender">The domain of the sender, <c>%{o}</c>.</param>
internal sealed class SpfEvaluation(IMailDns dns, IPAddress client, string localPart, string sender, string hello, string receiver, TimeProvider time, CancellationToken cancellationToken)
{
    // RFC 7208 §4.6.4.
    private const int MaxLookups = 10;
    private const int MaxVoidLookups = 2;
    private const int MaxNames = 10;
    private const int MaxName = 253;
    // An explanation becomes part of a reply.
    private const int MaxExplanation = 400;

    private int _lookups;
    private int _voids;
    private IReadOnlyList<string>? _clientNames;

    public async ValueTask<SpfResult> CheckHostAsync(string domain)
    {
        // Whatever a redirect led to, the verdict is on this domain: DMARC aligns with it.
        try { return await EvaluateAsync(domain, explain: true) with { Domain = domain }; }
        catch (Stop stop) { return new SpfResult(stop.Result, domain, null, null, stop.Message); }
    }

    private async ValueTask<SpfResult> EvaluateAsync(string domain, bool explain)
    {
        domain = domain.TrimEnd('.');
        if (!IsFullName(domain)) return Nothing("not a full domain name");
        string? text = null;
        switch (await dns.TextsAsync(domain, cancellationToken))
        {
            case DnsAnswer<string>.Temporary failure:
                throw new Stop(AuthResult.TempError, $"{domain}: {failure.Reason}");
            case DnsAnswer<string>.Found { Records: var texts }:
                foreach (var one in texts.Where(SpfRecord.Is))
                {
                    if (text is not null) throw new Stop(AuthResult.PermError, $"{domain} has several SPF records");
                    text = one;
                }
                break;
        }
        if (text is null) return Nothing("no SPF record");
        if (!SpfRecord.TryParse(text, out var record, out var fault)) throw new Stop(AuthResult.PermError, $"{domain}: '{fault}' is no term of SPF");

        foreach (var directive in record.Directives)
        {
            if (!await MatchesAsync(directive, domain)) continue;
            var explanation = directive.Result == AuthResult.Fail && explain ? await ExplainAsync(record, domain) : null;
            return new SpfResult(directive.Result, domain, directive.Text, explanation, null);
        }
        if (record.Redirect is null) return new SpfResult(AuthResult.Neutral, domain, null, null, "no mechanism matched");
        CountLookup();
        var target = await ExpandNameAsync(record.Redirect, domain);
        var redirected = await EvaluateAsync(target, explain);
        return redirected.Result == AuthResult.None ? throw new Stop(AuthResult.PermError, $"{domain} redirects to {target}, which has no SPF record") : redirected;

        SpfResult Nothing(string reason) => new(AuthResult.None, domain, null, null, reason);
    }

    private async ValueTask<bool> MatchesAsync(SpfDirective directive, string domain)
    {
        switch (directive.Mechanism)
        {
            case SpfMechanism.All:
                return true;
            case SpfMechanism.Ip4 or SpfMechanism.Ip6:
                return directive.Network!.Value.Contains(client) && directive.Network.Value.BaseAddress.AddressFamily == client.AddressFamily;
        }
        CountLookup();
        var target = directive.Domain is null ? domain : await ExpandNameAsync(directive.Domain, domain);
        switch (directive.Mechanism)
        {
            case SpfMechanism.Include:
                var included = await EvaluateAsync(target, explain: false);
                return included.Result == AuthResult.None ? throw new Stop(AuthResult.PermError, $"{domain} includes {target}, which has no SPF record") : included.Result == AuthResult.Pass;
            case SpfMechanism.A:
                return await HasClientAsync(target, directive);
            case SpfMechanism.Mx:
                var exchangers = Records(await dns.MailExchangersAsync(target, cancellationToken), target);
                // What is not asked for need not be counted: the limit is on the names of one answer.
                if (exchangers.Count > MaxNames) throw new Stop(AuthResult.PermError, $"{target} has more than {MaxNames} MX records");
                foreach (var exchanger in exchangers)
                {
                    if (exchanger.Host.Length > 0 && await HasClientAsync(exchanger.Host, directive)) return true;
                }
                return false;
            case SpfMechanism.Ptr:
                return (await ClientNamesAsync()).Any(name => IsWithin(name, target));
            case SpfMechanism.Exists:
                // Of IPv4 whatever the client speaks (§5.7).
                return Records(await dns.AddressesAsync(target, AddressFamily.InterNetwork, cancellationToken), target).Count > 0;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async ValueTask<bool> HasClientAsync(string name, SpfDirective directive)
    {
        var prefix = client.AddressFamily == AddressFamily.InterNetwork ? directive.Prefix4 : directive.Prefix6;
        return Records(await dns.AddressesAsync(name, client.AddressFamily, cancellationToken), name).Any(address => SpfRecord.Network(address, prefix).Contains(client));
    }

    /// <summary>The names of the client that lead back to it (RFC 7208 §5.5); none when DNS fails.</summary>
    private async ValueTask<IReadOnlyList<string>> ClientNamesAsync()
    {
        if (_clientNames is { } known) return known;
        var names = new List<string>();
        var answer = await dns.PointersAsync(client, cancellationToken);
        if (answer is not DnsAnswer<string>.Found { Records: var pointers })
        {
            if (answer is not DnsAnswer<string>.Temporary) CountVoid("the address of the client");
            return _clientNames = names;
        }
        foreach (var pointer in pointers.Take(MaxNames))
        {
            if (await dns.AddressesAsync(pointer, client.AddressFamily, cancellationToken) is DnsAnswer<IPAddress>.Found { Records: var addresses } && addresses.Contains(client)) names.Add(pointer);
        }
        return _clientNames = names;
    }

    private IReadOnlyList<T> Records<T>(DnsAnswer<T> answer, string name)
    {
        switch (answer)
        {
            case DnsAnswer<T>.Found found: return found.Records;
            case DnsAnswer<T>.Temporary failure: throw new Stop(AuthResult.TempError, $"{name}: {failure.Reason}");
        }
        CountVoid(name);
        return [];
    }

    private void CountLookup()
    {
        if (++_lookups > MaxLookups) throw new Stop(AuthResult.PermError, $"more than {MaxLookups} terms that ask DNS");
    }

    private void CountVoid(string name)
    {
        if (++_voids > MaxVoidLookups) throw new Stop(AuthResult.PermError, $"more than {MaxVoidLookups} names without records, the last of them {name}");
    }

    private async ValueTask<string?> ExplainAsync(SpfRecord record, string domain)
    {
        if (record.Explanation is null) return null;
        try
        {
            var name = await ExpandNameAsync(record.Explanation, domain);
            if (await dns.TextsAsync(name, cancellationToken) is not DnsAnswer<string>.Found { Records: [var text] }) return null;
            if (!MacroString.TryParse(text, explanation: true, out var macros)) return null;
            var words = await macros.ExpandAsync(letter => ValueAsync(letter, domain));
            return words.Length <= MaxExplanation && words.All(c => c is >= ' ' and <= '~') ? words : null;
        }
        // A fault in an explanation changes no verdict (§6.2).
        catch (Stop) { return null; }
    }

    /// <summary>The name, shortened from the left until it can be one (RFC 7208 §7.3).</summary>
    private async ValueTask<string> ExpandNameAsync(MacroString macros, string domain)
    {
        var name = (await macros.ExpandAsync(letter => ValueAsync(letter, domain))).TrimEnd('.');
        while (name.Length > MaxName && name.IndexOf('.', StringComparison.Ordinal) is var dot and >= 0) name = name[(dot + 1)..];
        return name;
    }

    private async ValueTask<string> ValueAsync(char letter, string domain) => letter switch
    {
        's' => $"{localPart}@{sender}",
        'l' => localPart,
        'o' => sender,
        'd' => domain,
        'i' => client.AddressFamily == AddressFamily.InterNetwork ? client.ToString() : string.Join('.', Convert.ToHexString(client.GetAddressBytes()).ToCharArray()),
        'p' => await ClientNameAsync(domain),
        'v' => client.AddressFamily == AddressFamily.InterNetwork ? "in-addr" : "ip6",
        'h' => hello,
        'c' => client.ToString(),
        'r' => receiver.Length > 0 ? receiver : "unknown",
        't' => time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The domain itself if the client has its name, else one below it, else any (RFC 7208 §7.3).</summary>
    private async ValueTask<string> ClientNameAsync(string domain)
    {
        var names = await ClientNamesAsync();
        return names.FirstOrDefault(name => name.Equals(domain, StringComparison.OrdinalIgnoreCase)) ?? names.FirstOrDefault(name => IsWithin(name, domain)) ?? (names.Count > 0 ? names[0] : "unknown");
    }

    private static bool IsWithin(string name, string domain)
    {
        domain = domain.TrimEnd('.');
        return name.Equals(domain, StringComparison.OrdinalIgnoreCase) || name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>RFC 7208 §4.3: else there is no SPF for it.</summary>
    private static bool IsFullName(string domain)
    {
        if (domain.Length is 0 or > MaxName || domain[0] == '[') return false;
        var labels = domain.Split('.');
        return labels.Length > 1 && labels.All(label => label.Length is > 0 and <= 63);
    }

    /// <summary>Ends the whole evaluation from within an include.</summary>
    private sealed class Stop(AuthResult result, string message) : Exception(message)
    {
        public AuthResult Result => result;
    }
}
