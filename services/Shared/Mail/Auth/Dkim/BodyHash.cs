using System.Buffers;
using System.Security.Cryptography;

namespace Merpati.Mail.Auth;

/// <summary>
/// SHA-256 over the canonical form of a body that streams by (RFC 6376 §3.4.3, §3.4.4): white space and empty lines are held back until something follows them.
/// A lone LF counts as CRLF, as it will when it travels; a lone CR is an octet like others.
/// </summary>
/// <param name="limit">Octets of the canonical body that count, the <c>l=</c> of RFC 6376 §3.5; null for all.</param>
internal sealed class BodyHash(Canonicalization canonicalization, long? limit = null) : IDisposable
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);
    private static readonly SearchValues<byte> LineEndsAndBlanks = SearchValues.Create("\r\n \t"u8);

    private readonly SearchValues<byte> _special = canonicalization == Canonicalization.Relaxed ? LineEndsAndBlanks : LineEnds;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _out = new byte[8192];
    private int _used;
    private long _hashed;
    private long _lineEnds;
    private bool _blank;
    private bool _carriageReturn;

    public Canonicalization Canonicalization => canonicalization;

    public long? Limit => limit;

    /// <summary>Octets of the canonical body so far; after <see cref="Complete"/> all of them, those beyond the limit too.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> body)
    {
        while (!body.IsEmpty)
        {
            if (_carriageReturn)
            {
                _carriageReturn = false;
                if (body[0] == '\n')
                {
                    EndLine();
                    body = body[1..];
                    continue;
                }
                Emit("\r"u8);
            }
            var run = body.IndexOfAny(_special);
            if (run != 0)
            {
                Emit(run < 0 ? body : body[..run]);
                if (run < 0) return;
                body = body[run..];
            }
            switch (body[0])
            {
                case (byte)'\r': _carriageReturn = true; break;
                case (byte)'\n': EndLine(); break;
                default: _blank = true; break;
            }
            body = body[1..];
        }
    }

    /// <summary>The body ended. A last line without an end gets one; an empty body is one empty line (simple) or nothing (relaxed).</summary>
    public byte[] Complete()
    {
        if (_carriageReturn) Emit("\r"u8);
        if (Length > 0 || canonicalization == Canonicalization.Simple) Put("\r\n"u8);
        _hash.AppendData(_out, 0, _used);
        _used = 0;
        return _hash.GetHashAndReset();
    }

    public void Dispose() => _hash.Dispose();

    private void EndLine()
    {
        _blank = false;
        _lineEnds++;
    }

    private void Emit(ReadOnlySpan<byte> octets)
    {
        for (; _lineEnds > 0; _lineEnds--) Put("\r\n"u8);
        if (_blank) Put(" "u8);
        _blank = false;
        Put(octets);
    }

    private void Put(ReadOnlySpan<byte> octets)
    {
        Length += octets.Length;
        if (limit is { } most) octets = octets[..(int)Math.Min(octets.Length, Math.Max(0, most - _hashed))];
        _hashed += octets.Length;
        if (octets.Length > _out.Length - _used)
        {
            _hash.AppendData(_out, 0, _used);
            _used = 0;
            if (octets.Length > _out.Length)
            {
                _hash.AppendData(octets);
                return;
            }
        }
        octets.CopyTo(_out.AsSpan(_used));
        _used += octets.Length;
    }
}
