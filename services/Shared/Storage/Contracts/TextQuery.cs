using System.Text;

namespace Merpati.Storage;

/// <summary>A text to look for in <see cref="IndexedText"/>s.</summary>
public sealed class TextQuery
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _wanted;
    private readonly uint[] _hashes;
    private readonly bool _inHeader;

    private TextQuery(byte[] wanted, uint[] hashes, bool inHeader) => (_wanted, _hashes, _inHeader) = (wanted, hashes, inHeader);

    /// <summary>Null for what no index can answer: half of a surrogate pair.</summary>
    /// <param name="folded">Not empty, and in the form in which the texts are.</param>
    /// <param name="inHeader">TEXT; false is BODY.</param>
    public static TextQuery? Of(string folded, bool inHeader)
    {
        try { return new TextQuery(Strict.GetBytes(folded), TextSignature.HashesOf(folded), inHeader); }
        catch (EncoderFallbackException) { return null; }
    }

    public bool MayBeIn(ReadOnlySpan<byte> signature) => TextSignature.MayContain(signature, _hashes);

    /// <summary>True, false, or null where the rest of the message has to be read.</summary>
    public bool? IsIn(ReadOnlySpan<byte> text, int headerLength, bool isWhole)
        => (_inHeader ? text : text[headerLength..]).IndexOf(_wanted) >= 0 ? true : isWhole ? false : null;
}
