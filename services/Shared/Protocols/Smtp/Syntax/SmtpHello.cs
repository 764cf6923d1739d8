using System.Buffers;
using System.Net;
using System.Text;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>The argument of HELO and EHLO: a domain or an address literal (RFC 5321 §4.1.1.1, §4.1.3).</summary>
public static class SmtpHello
{
    private const int MaxDomain = 255;

    // The underscore is not in the grammar, and is in the names of many Windows machines.
    private static readonly SearchValues<byte> NameOctets = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."u8);
    private static readonly SearchValues<byte> LiteralOctets = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:"u8);

    public static bool TryParse(ReadOnlySpan<byte> argument, out string hello)
    {
        argument = argument.Trim(" \t"u8);
        hello = "";
        if (argument.Length is 0 or > MaxDomain || !(IsDomain(argument) || IsAddressLiteral(argument))) return false;
        hello = Encoding.ASCII.GetString(argument);
        return true;
    }

    internal static bool IsDomain(ReadOnlySpan<byte> name)
        => !name.IsEmpty && !name.ContainsAnyExcept(NameOctets) && name[0] != (byte)'.' && name[0] != (byte)'-' && name.IndexOf(".."u8) < 0;

    private static bool IsAddressLiteral(ReadOnlySpan<byte> literal)
    {
        if (literal.Length < 3 || literal[0] != (byte)'[' || literal[^1] != (byte)']' || literal[1..^1].ContainsAnyExcept(LiteralOctets)) return false;
        var inner = Encoding.ASCII.GetString(literal[1..^1]);
        if (inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)) return IPAddress.TryParse(inner.AsSpan(5), out var six) && six.ToString().Contains(':', StringComparison.Ordinal);
        // A General-address-literal has a tag that nobody has registered yet; an address has none.
        return inner.Count(c => c == '.') == 3 && IPAddress.TryParse(inner, out _);
    }
}
