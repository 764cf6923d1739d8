using System.Text;

namespace Merpati.Mail.Auth;

/// <summary>A field of tags, folded so that its lines keep to the 78 characters of RFC 5322 §2.1.1.</summary>
internal sealed class FoldedField
{
    private const int MaxLine = 76;

    private readonly StringBuilder _text;
    private int _column;

    public FoldedField(string name)
    {
        _text = new StringBuilder(name).Append(':');
        _column = name.Length + 1;
    }

    /// <summary>A tag with its semicolon, on the next line if this one is full.</summary>
    public FoldedField Tag(string name, string value) => Piece($" {name}={value};");

    /// <summary>A tag of words with colons between them.</summary>
    public FoldedField Words(string name, IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var word = (i == 0 ? name + "=" : "") + words[i] + (i == words.Count - 1 ? ";" : ":");
            Piece(i == 0 ? " " + word : word);
        }
        return this;
    }

    /// <summary>The tag <c>b=</c>, last and empty: what is signed.</summary>
    public byte[] Unsigned() => Encoding.UTF8.GetBytes(_text + "\r\n\tb=\r\n");

    /// <summary>The whole field with its signature.</summary>
    public byte[] Signed(byte[] signature)
    {
        _text.Append("\r\n\tb=");
        var text = Convert.ToBase64String(signature);
        for (var i = 0; i < text.Length; i += 72)
        {
            if (i > 0) _text.Append("\r\n\t ");
            _text.Append(text.AsSpan(i, Math.Min(72, text.Length - i)));
        }
        return Encoding.UTF8.GetBytes(_text.Append("\r\n").ToString());
    }

    public byte[] Plain() => Encoding.UTF8.GetBytes(_text + "\r\n");

    /// <summary>What follows begins on a line of its own.</summary>
    public FoldedField NewLine()
    {
        _text.Append("\r\n\t");
        _column = 1;
        return this;
    }

    /// <summary>Text that is not to be broken, on the next line if this one is full.</summary>
    public FoldedField Piece(string text)
    {
        if (_column + text.Length > MaxLine && _column > 1) NewLine();
        if (_column == 1) text = text.TrimStart(' ');
        _text.Append(text);
        _column += text.Length;
        return this;
    }
}
