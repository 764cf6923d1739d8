using System.Buffers.Binary;
using System.Numerics;

namespace Merpati.Storage;

/// <summary>
/// Which short runs of characters a text has, as bits: of each run of three characters, and of each two outside of the alphabets (ideographs carry more than letters), a hash names one bit.
/// A text that lacks a bit of a query cannot contain it; one that has them all may. The bits are a power of two of octets, halved onto each other for as long as most of them stay zero.
/// Change how runs become bits, and <see cref="IndexedText.Version"/> with it.
/// </summary>
public sealed class TextSignature
{
    /// <summary>8 KiB: enough for the runs of a book.</summary>
    private const int MaxBits = 1 << 16;

    private const int WordBits = 64;

    private readonly ulong[] _words = new ulong[MaxBits / WordBits];
    private char _first;
    private char _second;

    /// <summary>Adds a piece of folded text; it continues the one before unless <see cref="Break"/> stands between.</summary>
    public void Add(ReadOnlySpan<char> folded)
    {
        foreach (var c in folded)
        {
            if (_first != '\0') Set(Hash(_first, _second, c));
            if (IsDense(_second) && IsDense(c)) Set(Hash(_second, c));
            (_first, _second) = (_second, c);
        }
    }

    /// <summary>What comes next is another text: no match reaches from one to the other.</summary>
    public void Break() => (_first, _second) = ('\0', '\0');

    /// <summary>The signature, 8 octets to 8 KiB.</summary>
    public byte[] Complete()
    {
        var words = _words.AsSpan();
        while (words.Length > 1)
        {
            var low = words[..(words.Length / 2)];
            var high = words[(words.Length / 2)..];
            var set = 0;
            for (var i = 0; i < low.Length; i++) set += BitOperations.PopCount(low[i] | high[i]);
            // At a third, a query of four runs is let through by one in eighty texts that have nothing to do with it.
            if (set * 3 > low.Length * WordBits) break;
            for (var i = 0; i < low.Length; i++) low[i] |= high[i];
            words = low;
        }
        var signature = new byte[words.Length * sizeof(ulong)];
        for (var i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(signature.AsSpan(i * sizeof(ulong)), words[i]);
        return signature;
    }

    /// <summary>The hashes of a query's runs, each once; none for a query that is too short.</summary>
    public static uint[] HashesOf(ReadOnlySpan<char> folded)
    {
        var hashes = new HashSet<uint>();
        for (var i = 1; i < folded.Length; i++)
        {
            // A run with a NUL in it is in no signature.
            if (i > 1 && folded[i - 2] != '\0') hashes.Add(Hash(folded[i - 2], folded[i - 1], folded[i]));
            if (IsDense(folded[i - 1]) && IsDense(folded[i])) hashes.Add(Hash(folded[i - 1], folded[i]));
        }
        return [.. hashes];
    }

    /// <summary>False: the text does not contain the query. A signature without octets is of a text that nobody read.</summary>
    public static bool MayContain(ReadOnlySpan<byte> signature, ReadOnlySpan<uint> hashes)
    {
        if (signature.IsEmpty) return true;
        var mask = (uint)(signature.Length * 8 - 1);
        foreach (var hash in hashes)
        {
            var bit = hash & mask;
            if ((signature[(int)(bit >> 3)] & (1 << (int)(bit & 7))) == 0) return false;
        }
        return true;
    }

    private void Set(uint hash)
    {
        var bit = hash & (MaxBits - 1);
        _words[bit / WordBits] |= 1UL << (int)(bit % WordBits);
    }

    /// <summary>Above the alphabets: from Indic scripts on, of which the ideographs are the most.</summary>
    private static bool IsDense(char c) => c >= 0x0800;

    private static uint Hash(char first, char second, char third) => Mix((ulong)first << 32 | (ulong)second << 16 | third);

    private static uint Hash(char first, char second) => Mix(1UL << 48 | (ulong)first << 16 | second);

    private static uint Mix(ulong run)
    {
        run *= 0x9E3779B97F4A7C15;
        return (uint)((run ^ run >> 29) * 0xBF58476D1CE4E5B9 >> 40);
    }
}
