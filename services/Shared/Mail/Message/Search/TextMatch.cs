namespace Merpati.Mail;

/// <summary>Substring without case over text that streams by; the end of a piece is kept for what the next one continues.</summary>
internal static class TextMatch
{
    /// <summary>The invariant case mapping of Unicode, which i;unicode-casemap (RFC 5051) comes down to for text that is composed alike.</summary>
    public static bool Contains(ReadOnlySpan<char> text, string wanted) => text.Contains(wanted, StringComparison.OrdinalIgnoreCase);

    public static async ValueTask<bool> ContainsAsync(IAsyncEnumerable<ReadOnlyMemory<char>> text, string wanted, CancellationToken cancellationToken)
    {
        var window = new char[4096];
        var kept = 0;
        await foreach (var piece in text.WithCancellation(cancellationToken))
        {
            var filled = kept + piece.Length;
            if (window.Length < filled) Array.Resize(ref window, filled);
            piece.CopyTo(window.AsMemory(kept));
            if (Contains(window.AsSpan(0, filled), wanted)) return true;
            kept = Math.Min(wanted.Length - 1, filled);
            window.AsSpan(filled - kept, kept).CopyTo(window);
        }
        return false;
    }
}
