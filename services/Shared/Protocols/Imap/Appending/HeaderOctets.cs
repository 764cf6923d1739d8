namespace Merpati.Protocols.Imap;

/// <summary>Looks at the header of one message as it streams by, up to the empty line that ends it.</summary>
internal struct HeaderOctets
{
    private bool _hasEnded;
    private bool _isInLine;

    /// <summary>Octets above 127 stand in the header; what follows it may be of any octets.</summary>
    public bool HoldEightBit(ReadOnlySpan<byte> next)
    {
        foreach (var octet in next)
        {
            if (_hasEnded) return false;
            switch (octet)
            {
                case (byte)'\n':
                    _hasEnded = !_isInLine;
                    _isInLine = false;
                    break;
                case > 127:
                    return true;
                default:
                    _isInLine |= octet != (byte)'\r';
                    break;
            }
        }
        return false;
    }
}
