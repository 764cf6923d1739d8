using Merpati.Streams;

namespace Merpati.Protocols.Imap;

/// <summary>
/// Undoes a Content-Transfer-Encoding (RFC 2045 §6) as the octets pass, for BINARY (RFC 3516 §4.2). What does not belong into the encoding is
/// passed over (§6.8) or stays as it is (§6.7): a broken part gives what can be had of it.
/// </summary>
internal sealed class DecodingStream(Stream encoded, TransferDecoder decoder) : ForwardStream
{
    private readonly byte[] _octets = new byte[8 * 1024];
    private byte[] _decoded = [];
    private int _start;
    private int _end;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_start == _end)
        {
            if (_ended || buffer.IsEmpty) return 0;
            var read = await encoded.ReadAsync(_octets, cancellationToken).ConfigureAwait(false);
            _ended = read == 0;
            if (_decoded.Length == 0) _decoded = new byte[_octets.Length + TransferDecoder.MostHeld];
            _start = 0;
            _end = decoder.Decode(_octets.AsSpan(0, read), _decoded, last: _ended);
        }
        var count = Math.Min(buffer.Length, _end - _start);
        _decoded.AsSpan(_start, count).CopyTo(buffer.Span);
        _start += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await encoded.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>The state of one decoding.</summary>
internal abstract class TransferDecoder
{
    /// <summary>Octets that may come out beyond as many as go in: what was held back before.</summary>
    public const int MostHeld = 1024;

    /// <summary>Whether octets in that encoding are the content itself.</summary>
    public static bool IsIdentity(string encoding) => encoding is "7bit" or "8bit" or "binary";

    /// <summary>Null for one that we do not know.</summary>
    public static TransferDecoder? For(string encoding) => encoding switch
    {
        "base64" => new Base64(),
        "quoted-printable" => new QuotedPrintable(),
        _ => null,
    };

    /// <summary>Decodes all of <paramref name="octets"/> into <paramref name="decoded"/>, which has room for them and <see cref="MostHeld"/> more.</summary>
    public abstract int Decode(ReadOnlySpan<byte> octets, Span<byte> decoded, bool last);

    private sealed class Base64 : TransferDecoder
    {
        private int _bits;
        private int _digits;

        public override int Decode(ReadOnlySpan<byte> octets, Span<byte> decoded, bool last)
        {
            var length = 0;
            foreach (var octet in octets)
            {
                // Padding ends a run; where several were put together the next begins.
                if (octet == (byte)'=') End(decoded, ref length);
                var value = Value(octet);
                if (value < 0) continue;
                _bits = (_bits << 6) | value;
                if (++_digits < 4) continue;
                decoded[length++] = (byte)(_bits >> 16);
                decoded[length++] = (byte)(_bits >> 8);
                decoded[length++] = (byte)_bits;
                (_bits, _digits) = (0, 0);
            }
            if (last) End(decoded, ref length);
            return length;
        }

        private void End(Span<byte> decoded, ref int length)
        {
            if (_digits >= 2) decoded[length++] = (byte)(_bits >> (_digits == 2 ? 4 : 10));
            if (_digits == 3) decoded[length++] = (byte)(_bits >> 2);
            (_bits, _digits) = (0, 0);
        }

        private static int Value(byte octet) => octet switch
        {
            >= (byte)'A' and <= (byte)'Z' => octet - 'A',
            >= (byte)'a' and <= (byte)'z' => octet - 'a' + 26,
            >= (byte)'0' and <= (byte)'9' => octet - '0' + 52,
            (byte)'+' => 62,
            (byte)'/' => 63,
            _ => -1,
        };
    }

    private sealed class QuotedPrintable : TransferDecoder
    {
        // Blanks before a line break are not of the content (RFC 2045 §6.7 rule 3), so they wait for what follows; so do an '=' and what follows that.
        private readonly byte[] _held = new byte[MostHeld];
        private int _count;

        public override int Decode(ReadOnlySpan<byte> octets, Span<byte> decoded, bool last)
        {
            var length = 0;
            foreach (var octet in octets) Take(octet, decoded, ref length);
            if (last)
            {
                // A lone '=' at the end is a soft line break whose line break was cut off.
                if (_count > 0 && _held[0] == (byte)'=' && IsSoft(_held.AsSpan(1, _count - 1))) _count = 0;
                if (_count > 0 && _held[0] == (byte)'=') Release(decoded, ref length);
                _count = 0;
            }
            return length;
        }

        private void Take(byte octet, Span<byte> decoded, ref int length)
        {
            if (_count > 0 && _held[0] == (byte)'=')
            {
                if (TakeEscaped(octet, decoded, ref length)) return;
            }
            else if (octet is (byte)'\r' or (byte)'\n')
            {
                _count = 0;
            }
            switch (octet)
            {
                case (byte)' ' or (byte)'\t':
                    if (_count == MostHeld) Release(decoded, ref length);
                    _held[_count++] = octet;
                    break;
                case (byte)'=':
                    Release(decoded, ref length);
                    _held[_count++] = octet;
                    break;
                default:
                    Release(decoded, ref length);
                    decoded[length++] = octet;
                    break;
            }
        }

        /// <summary>After an '='; false where the octet is none of its, and what was held is let go.</summary>
        private bool TakeEscaped(byte octet, Span<byte> decoded, ref int length)
        {
            var escape = _held.AsSpan(1, _count - 1);
            if (octet == (byte)'\n' && IsSoft(escape))
            {
                _count = 0;
                return true;
            }
            if (octet is (byte)' ' or (byte)'\t' or (byte)'\r' && IsSoft(escape) && _count < MostHeld)
            {
                _held[_count++] = octet;
                return true;
            }
            if (char.IsAsciiHexDigit((char)octet) && escape.Length == 0)
            {
                _held[_count++] = octet;
                return true;
            }
            if (char.IsAsciiHexDigit((char)octet) && escape.Length == 1 && char.IsAsciiHexDigit((char)escape[0]))
            {
                decoded[length++] = (byte)(Hex(escape[0]) << 4 | Hex(octet));
                _count = 0;
                return true;
            }
            Release(decoded, ref length);
            return false;
        }

        private static bool IsSoft(ReadOnlySpan<byte> escape) => !escape.ContainsAnyExcept(" \t\r"u8);

        private static int Hex(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

        private void Release(Span<byte> decoded, ref int length)
        {
            _held.AsSpan(0, _count).CopyTo(decoded[length..]);
            length += _count;
            _count = 0;
        }
    }
}

/// <summary>A part is in a transfer encoding that we cannot undo (RFC 3516 §4.3 UNKNOWN-CTE).</summary>
internal sealed class UnknownEncodingException(string encoding) : Exception($"The transfer encoding {encoding} is not known.");
