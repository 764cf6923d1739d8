using System.Buffers;
using System.Text;

namespace Merpati.Protocols.Smtp;

/// <summary>A reply (RFC 5321 §4.2) with its enhanced status code (RFC 2034).</summary>
public sealed class SmtpReply
{
    // RFC 5321 §4.5.3.1.5: 512 octets with code and CRLF; "250 5.7.123 " and CRLF are taken off.
    private const int MaxText = 498;

    private static readonly SearchValues<char> Printable = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);

    /// <param name="code">Three digits.</param>
    /// <param name="enhanced">As <c>5.7.1</c>; null where RFC 2034 §3 has none: the greeting, HELO and EHLO, 3yz.</param>
    /// <param name="lines">At least one; what is not printable ASCII is shown as a question mark.</param>
    public SmtpReply(int code, string? enhanced, params IReadOnlyList<string> lines)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(code, 599);
        if (lines.Count == 0) throw new ArgumentException("A reply has at least one line.", nameof(lines));
        Code = code;
        Enhanced = enhanced;
        Lines = lines;
        Wire = Encode(code, enhanced, lines);
    }

    public int Code { get; }

    public string? Enhanced { get; }

    public IReadOnlyList<string> Lines { get; }

    public bool IsPositive => Code < 400;

    /// <summary>The reply says that the channel closes (RFC 5321 §3.8, §4.2.1).</summary>
    public bool ClosesChannel => Code is 221 or 421;

    /// <summary>The octets on the wire.</summary>
    internal ReadOnlyMemory<byte> Wire { get; }

    public override string ToString() => Encoding.ASCII.GetString(Wire.Span).TrimEnd();

    private static byte[] Encode(int code, string? enhanced, IReadOnlyList<string> lines)
    {
        var wire = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            wire.Append(code).Append(i < lines.Count - 1 ? '-' : ' ');
            if (enhanced is not null) wire.Append(enhanced).Append(' ');
            var text = lines[i].Length > MaxText ? lines[i].AsSpan(0, MaxText) : lines[i];
            if (!text.ContainsAnyExcept(Printable)) wire.Append(text);
            else foreach (var c in text) wire.Append(Printable.Contains(c) ? c : '?');
            wire.Append("\r\n");
        }
        return Encoding.ASCII.GetBytes(wire.ToString());
    }
}
