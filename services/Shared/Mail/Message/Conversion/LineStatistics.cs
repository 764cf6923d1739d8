using System.Text;

namespace Merpati.Mail;

/// <summary>Watches octets go by, in pieces cut anywhere: what a transport must be able to carry for them.</summary>
internal sealed class LineStatistics
{
    private bool _afterCr;
    private long _line;

    public long Octets { get; private set; }

    /// <summary>Octets over 127.</summary>
    public long EightBit { get; private set; }

    /// <summary>NUL, or a CR or LF that is not part of CRLF.</summary>
    public bool IsBinary { get; private set; }

    /// <summary>Octets without CRLF.</summary>
    public long LongestLine { get; private set; }

    public void Watch(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty) return;
        Octets += octets.Length;
        if (!Ascii.IsValid(octets)) CountEightBit(octets);
        IsBinary = IsBinary || octets.Contains((byte)0);
        if (_afterCr && octets[0] != (byte)'\n') EndLine(bare: true);
        while (true)
        {
            var at = octets.IndexOfAny((byte)'\r', (byte)'\n');
            var length = at < 0 ? octets.Length : at;
            _line += length;
            if (length > 0)
            {
                _afterCr = false;
                LongestLine = Math.Max(LongestLine, _line);
            }
            if (at < 0) return;
            if (octets[at] == (byte)'\n') EndLine(bare: !_afterCr);
            else _afterCr = true;
            octets = octets[(at + 1)..];
            if (octets.IsEmpty) return;
            if (_afterCr && octets[0] != (byte)'\n') EndLine(bare: true);
        }
    }

    public void Complete()
    {
        if (_afterCr) EndLine(bare: true);
    }

    private void EndLine(bool bare)
    {
        IsBinary |= bare;
        _afterCr = false;
        _line = 0;
    }

    private void CountEightBit(ReadOnlySpan<byte> octets)
    {
        foreach (var octet in octets)
        {
            if (octet > 127) EightBit++;
        }
    }
}
