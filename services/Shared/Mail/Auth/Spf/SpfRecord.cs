using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Merpati.Mail.Auth;

internal enum SpfMechanism
{
    All,
    Include,
    A,
    Mx,
    Ptr,
    Ip4,
    Ip6,
    Exists,
}

/// <summary>A mechanism with what it says when it matches.</summary>
/// <param name="Text">As written, for the reader of a verdict.</param>
internal sealed record SpfDirective(AuthResult Result, SpfMechanism Mechanism, string Text, MacroString? Domain, IPNetwork? Network, int Prefix4, int Prefix6);

/// <summary>An SPF record, its syntax checked to the end before anything is evaluated (RFC 7208 §4.6).</summary>
internal sealed class SpfRecord
{
    private const string Version = "v=spf1";

    private readonly List<SpfDirective> _directives = [];

    private SpfRecord() { }

    public IReadOnlyList<SpfDirective> Directives => _directives;

    public MacroString? Redirect { get; private set; }

    public MacroString? Explanation { get; private set; }

    /// <summary>The version and then a space or the end (RFC 7208 §4.5).</summary>
    public static bool Is(string text) => text.StartsWith(Version, StringComparison.OrdinalIgnoreCase) && (text.Length == Version.Length || text[Version.Length] == ' ');

    /// <param name="text">One for which <see cref="Is"/> holds.</param>
    /// <param name="fault">The term that is wrong.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out SpfRecord? record, out string fault)
    {
        record = null;
        fault = "";
        var read = new SpfRecord();
        foreach (var term in text[Version.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (read.TryAdd(term)) continue;
            fault = term;
            return false;
        }
        record = read;
        return true;
    }

    private bool TryAdd(string term)
    {
        var end = term.IndexOfAny([':', '/', '=']);
        return end >= 0 && term[end] == '=' ? TryAddModifier(term[..end], term[(end + 1)..]) : TryAddMechanism(term);
    }

    private bool TryAddModifier(string name, string value)
    {
        if (name.Length == 0 || !char.IsAsciiLetter(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')) return false;
        if (name.Equals("redirect", StringComparison.OrdinalIgnoreCase))
        {
            if (Redirect is not null || !MacroString.TryParseDomain(value, out var domain)) return false;
            Redirect = domain;
            return true;
        }
        if (name.Equals("exp", StringComparison.OrdinalIgnoreCase))
        {
            if (Explanation is not null || !MacroString.TryParseDomain(value, out var domain)) return false;
            Explanation = domain;
            return true;
        }
        return MacroString.TryParse(value, explanation: true, out _);
    }

    private bool TryAddMechanism(string term)
    {
        var result = term[0] switch { '-' => AuthResult.Fail, '~' => AuthResult.SoftFail, '?' => AuthResult.Neutral, _ => AuthResult.Pass };
        var text = term[0] is '+' or '-' or '~' or '?' ? term[1..] : term;
        var end = text.IndexOfAny([':', '/']);
        var name = end < 0 ? text : text[..end];
        var rest = end < 0 ? "" : text[end..];
        SpfDirective? directive = name.ToLowerInvariant() switch
        {
            "all" => rest.Length == 0 ? Plain(SpfMechanism.All, null) : null,
            "include" => WithDomain(SpfMechanism.Include, rest),
            "exists" => WithDomain(SpfMechanism.Exists, rest),
            "ptr" => rest.Length == 0 ? Plain(SpfMechanism.Ptr, null) : WithDomain(SpfMechanism.Ptr, rest),
            "a" => WithPrefixes(SpfMechanism.A, rest),
            "mx" => WithPrefixes(SpfMechanism.Mx, rest),
            "ip4" => WithNetwork(SpfMechanism.Ip4, rest, AddressFamily.InterNetwork, 32),
            "ip6" => WithNetwork(SpfMechanism.Ip6, rest, AddressFamily.InterNetworkV6, 128),
            _ => null,
        };
        if (directive is null) return false;
        _directives.Add(directive);
        return true;

        SpfDirective Plain(SpfMechanism mechanism, MacroString? domain) => new(result, mechanism, term, domain, null, 32, 128);

        SpfDirective? WithDomain(SpfMechanism mechanism, string argument)
            => argument.StartsWith(':') && MacroString.TryParseDomain(argument[1..], out var domain) ? Plain(mechanism, domain) : null;

        SpfDirective? WithPrefixes(SpfMechanism mechanism, string argument)
        {
            if (!TryTakePrefixes(ref argument, out var prefix4, out var prefix6)) return null;
            MacroString? domain = null;
            if (argument.Length > 0 && (argument[0] != ':' || !MacroString.TryParseDomain(argument[1..], out domain))) return null;
            return new SpfDirective(result, mechanism, term, domain, null, prefix4, prefix6);
        }

        SpfDirective? WithNetwork(SpfMechanism mechanism, string argument, AddressFamily family, int most)
        {
            if (!argument.StartsWith(':')) return null;
            var slash = argument.IndexOf('/', StringComparison.Ordinal);
            var prefix = most;
            if (slash >= 0 && !TryPrefix(argument[(slash + 1)..], most, out prefix)) return null;
            var address = slash < 0 ? argument[1..] : argument[1..slash];
            return TryAddress(address, family, out var parsed) ? new SpfDirective(result, mechanism, term, null, Network(parsed, prefix), 32, 128) : null;
        }
    }

    internal static IPNetwork Network(IPAddress address, int prefix)
    {
        var octets = address.GetAddressBytes();
        for (var bit = prefix; bit < octets.Length * 8; bit++) octets[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new IPNetwork(new IPAddress(octets), prefix);
    }

    /// <summary>Takes <c>/24</c>, <c>//64</c> or both off the end.</summary>
    private static bool TryTakePrefixes(ref string argument, out int prefix4, out int prefix6)
    {
        (prefix4, prefix6) = (32, 128);
        var rest = WithoutDigits(argument);
        if (rest.EndsWith("//", StringComparison.Ordinal) && rest.Length < argument.Length)
        {
            if (!TryPrefix(argument[rest.Length..], 128, out prefix6)) return false;
            argument = rest[..^2];
            rest = WithoutDigits(argument);
        }
        // A slash without digits behind it belongs to the name, or to nothing.
        if (!rest.EndsWith('/') || rest.Length == argument.Length) return true;
        if (!TryPrefix(argument[rest.Length..], 32, out prefix4)) return false;
        argument = rest[..^1];
        return true;

        static string WithoutDigits(string text) => text.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
    }

    private static bool TryPrefix(string text, int most, out int prefix)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out prefix) && prefix <= most && (text == "0" || text[0] != '0');

    private static bool TryAddress(string text, AddressFamily family, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (family == AddressFamily.InterNetwork)
        {
            var parts = text.Split('.');
            if (parts.Length != 4 || !parts.All(part => part.Length is > 0 and <= 3 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0'))) return false;
        }
        else if (!text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.'))
        {
            return false;
        }
        return IPAddress.TryParse(text, out address) && address.AddressFamily == family;
    }
}
