using System.Text;

namespace Merpati.Protocols.Smtp.Syntax;

/// <summary>What the arguments of MAIL and RCPT have in common (RFC 5321 §4.1.1.11).</summary>
internal static class PathArgument
{
    /// <summary>Takes off <c>FROM:</c> or <c>TO:</c>, and the space behind it that many clients send. False when no angle bracket follows.</summary>
    public static bool TryStrip(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword, out ReadOnlySpan<byte> rest)
    {
        rest = argument.TrimStart((byte)' ');
        if (rest.Length <= keyword.Length || !Ascii.EqualsIgnoreCase(rest[..keyword.Length], keyword)) return false;
        rest = rest[keyword.Length..].TrimStart((byte)' ');
        return !rest.IsEmpty && rest[0] == (byte)'<';
    }

    public static SmtpReply BadValue(string keyword) => new(501, "5.5.4", $"Bad value of the parameter {keyword}");

    /// <summary>RFC 5321 §4.1.1.11.</summary>
    public static SmtpReply UnknownParameter(string keyword) => new(555, "5.5.4", $"Parameter {keyword} is not supported");
}
