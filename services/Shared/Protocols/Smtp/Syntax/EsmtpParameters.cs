using System.Text;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>Mail-parameters and Rcpt-parameters: <c>*( SP keyword [ "=" value ] )</c> (RFC 5321 §4.1.2).</summary>
public static class EsmtpParameters
{
    // Far more than all extensions together define for one command.
    private const int MaxParameters = 16;

    /// <summary>False on a syntax error and on a keyword that comes twice. Keywords come out in upper case.</summary>
    /// <param name="input">What follows the path; more spaces than one between parameters are tolerated.</param>
    public static bool TryParse(ReadOnlySpan<byte> input, out IReadOnlyList<EsmtpParameter> parameters)
    {
        parameters = [];
        if (input.Trim((byte)' ').IsEmpty) return true;
        if (input[0] != (byte)' ') return false;
        var found = new List<EsmtpParameter>();
        foreach (var range in input.Split((byte)' '))
        {
            var word = input[range];
            if (word.IsEmpty) continue;
            var equals = word.IndexOf((byte)'=');
            var keyword = equals < 0 ? word : word[..equals];
            if (!IsKeyword(keyword) || (equals >= 0 && !IsValue(word[(equals + 1)..])) || found.Count == MaxParameters) return false;
            var parameter = new EsmtpParameter(Encoding.ASCII.GetString(keyword).ToUpperInvariant(), equals < 0 ? null : Encoding.UTF8.GetString(word[(equals + 1)..]));
            if (found.Exists(other => other.Keyword == parameter.Keyword)) return false;
            found.Add(parameter);
        }
        parameters = found;
        return true;
    }

    private static bool IsKeyword(ReadOnlySpan<byte> keyword)
    {
        if (keyword.IsEmpty || !char.IsAsciiLetterOrDigit((char)keyword[0])) return false;
        foreach (var octet in keyword)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != (byte)'-') return false;
        }
        return true;
    }

    /// <summary>1*(%d33-60 / %d62-126), and UTF-8 (RFC 6531 §3.3).</summary>
    private static bool IsValue(ReadOnlySpan<byte> value)
        => !value.IsEmpty && !value.Contains((byte)'=') && !value.ContainsAnyInRange((byte)0, (byte)' ') && !value.Contains((byte)0x7f);
}

/// <param name="Keyword">Upper case.</param>
/// <param name="Value">Null when there is no equals sign.</param>
public readonly record struct EsmtpParameter(string Keyword, string? Value);
