using System.Text;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Storage;

namespace Merpati.Delivery.Local;

/// <summary>
/// The headers that final delivery puts before the content: Return-Path (RFC 5321 §4.4), Delivered-To (RFC 9228),
/// then what acceptance wrote. Each recipient has its own; the content below is shared and untouched.
/// </summary>
internal static class TracePrefix
{
    /// <summary>Octets of an address in a header line; RFC 5321 §4.5.3.1 allows far less, and RFC 5322 §2.1.1 998 a line.</summary>
    private const int MaxAddress = 900;

    public static byte[] Write(QueueEntry entry, EmailAddress deliveredTo)
    {
        var head = $"Return-Path: {Line(entry.ReversePath.ToString())}\r\nDelivered-To: {Line(deliveredTo.ToString())}\r\n";
        var length = Encoding.UTF8.GetByteCount(head);
        var prefix = new byte[length + entry.TraceHeaders.Length];
        Encoding.UTF8.GetBytes(head, prefix);
        entry.TraceHeaders.Span.CopyTo(prefix.AsSpan(length));
        return prefix;
    }

    /// <summary>An address that came through our parser is fine as it is; one that did not must not become a header of its own.</summary>
    public static string Line(string address)
    {
        if (!address.AsSpan().ContainsAnyInRange('\0', '\x1f') && !address.Contains('\x7f', StringComparison.Ordinal) && address.Length <= MaxAddress / 3) return address;
        var line = new StringBuilder();
        var octets = 0;
        foreach (var rune in address.EnumerateRunes())
        {
            octets += rune.Utf8SequenceLength;
            if (octets > MaxAddress) break;
            line.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }
        return line.ToString();
    }
}
