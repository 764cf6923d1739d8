using System.Text;

namespace Merpati.Mail;

/// <summary>A text that is looked for as a substring by i;unicode-casemap (<see cref="CaseMap"/>), also in text that streams by. Not thread-safe.</summary>
public sealed class TextMatch
{
    private readonly string _wanted;
    private readonly bool _isAscii;
    private readonly StringBuilder _folded = new();
    private char[] _window = [];

    public TextMatch(string wanted)
    {
        _wanted = CaseMap.Fold(wanted);
        _isAscii = Ascii.IsValid(_wanted);
    }

    public bool IsIn(ReadOnlySpan<char> text)
    {
        if (text.Length < _wanted.Length && Ascii.IsValid(text)) return false;
        if (Ascii.IsValid(text)) return _isAscii && text.Contains(_wanted, StringComparison.OrdinalIgnoreCase);
        return Folded(text, 0).Contains(_wanted, StringComparison.Ordinal);
    }

    /// <summary>The end of a piece is kept for what the next one continues.</summary>
    public async ValueTask<bool> IsInAsync(IAsyncEnumerable<ReadOnlyMemory<char>> text, CancellationToken cancellationToken)
    {
        var kept = 0;
        await foreach (var piece in text.WithCancellation(cancellationToken))
        {
            var window = Folded(piece.Span, kept);
            if (window.Contains(_wanted, StringComparison.Ordinal)) return true;
            var filled = window.Length;
            kept = Math.Min(_wanted.Length - 1, filled);
            if (kept > 0) _window.AsSpan(filled - kept, kept).CopyTo(_window);
        }
        return false;
    }

    /// <summary>What was kept, and the folded piece after it.</summary>
    private ReadOnlySpan<char> Folded(ReadOnlySpan<char> piece, int kept)
    {
        if (Ascii.IsValid(piece))
        {
            Reserve(kept + piece.Length, kept);
            piece.ToUpperInvariant(_window.AsSpan(kept));
            return _window.AsSpan(0, kept + piece.Length);
        }
        _folded.Clear();
        CaseMap.Fold(piece, _folded);
        Reserve(kept + _folded.Length, kept);
        _folded.CopyTo(0, _window.AsSpan(kept), _folded.Length);
        return _window.AsSpan(0, kept + _folded.Length);
    }

    private void Reserve(int length, int kept)
    {
        if (_window.Length >= length) return;
        var grown = new char[Math.Max(length, 4096)];
        _window.AsSpan(0, kept).CopyTo(grown);
        _window = grown;
    }
}
