namespace Merpati.Protocols.Smtp;

/// <summary>
/// Watches the lines of a message go by, in pieces cut anywhere: finds a CR or LF that is not part of CRLF (RFC 5321 §2.3.8), and the longest line.
/// </summary>
public sealed class LineGuard
{
    private bool _afterCr;
    private long _line;

    public bool HasBareLineBreak { get; private set; }

    /// <summary>Octets without CRLF, of the line that is going on too.</summary>
    public long LongestLine { get; private set; }

    public void Watch(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return;
        if (_afterCr && text[0] != (byte)'\n') EndLine(bare: true);
        while (true)
        {
            var at = text.IndexOfAny((byte)'\r', (byte)'\n');
            var length = at < 0 ? text.Length : at;
            _line += length;
            if (length > 0)
            {
                _afterCr = false;
                LongestLine = Math.Max(LongestLine, _line);
            }
            if (at < 0) return;
            if (text[at] == (byte)'\n')
            {
                EndLine(bare: !_afterCr);
                at++;
            }
            else if (at + 1 < text.Length)
            {
                // CRLF in one step is the hot path.
                var whole = text[at + 1] == (byte)'\n';
                EndLine(bare: !whole);
                at += whole ? 2 : 1;
            }
            else
            {
                _afterCr = true;
                return;
            }
            text = text[at..];
        }
    }

    /// <summary>The message is at its end.</summary>
    public void Complete()
    {
        if (_afterCr) HasBareLineBreak = true;
    }

    private void EndLine(bool bare)
    {
        if (bare) HasBareLineBreak = true;
        _afterCr = false;
        _line = 0;
    }
}
