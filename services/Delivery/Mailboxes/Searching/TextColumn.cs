using System.Text;
using System.Text.Unicode;
using Merpati.Mail;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// One header text of many messages, folded, one after the other in one buffer, so that one pass looks through all of them. It only grows: who has seen a part of it keeps seeing that part.
/// </summary>
internal sealed class TextColumn
{
    // Octets that no UTF-8 has.
    private const byte End = 0xFF;
    private const byte Absent = 0xFE;

    private byte[] _octets = new byte[1024];
    private int[] _starts = new int[64];
    private int _length;
    private int _count;

    public long Octets => _octets.Length + _starts.Length * sizeof(int);

    /// <param name="value">Decoded; null where the message has no such field.</param>
    public void Add(string? value)
    {
        if (_count + 1 >= _starts.Length) Array.Resize(ref _starts, _starts.Length * 2);
        var folded = value is null ? "" : CaseMap.Fold(value);
        var most = _length + Encoding.UTF8.GetMaxByteCount(folded.Length) + 1;
        if (most > _octets.Length) Array.Resize(ref _octets, Math.Max(most, _octets.Length * 2));
        if (value is null) _octets[_length++] = Absent;
        Utf8.FromUtf16(folded, _octets.AsSpan(_length), out _, out var written);
        _length += written;
        _octets[_length++] = End;
        _starts[++_count] = _length;
    }

    /// <summary>Takes what is there now; to be taken by the one who adds.</summary>
    public View Take() => new(_octets, _starts, _count);

    /// <summary>The first messages of a column.</summary>
    internal readonly struct View(byte[] octets, int[] starts, int count)
    {
        /// <summary>The field exists and contains the text; an empty text is contained in every field.</summary>
        public Answers Find(string text)
        {
            var wanted = CaseMap.Fold(text);
            var pattern = Encoding.UTF8.GetBytes(wanted);
            // Half of a surrogate pair has no UTF-8.
            if (!Encoding.UTF8.GetString(pattern).Equals(wanted, StringComparison.Ordinal)) return Answers.All(count, null);
            var answers = Answers.All(count, answer: false);
            if (pattern.Length == 0)
            {
                for (var place = 0; place < count; place++) answers[place] = octets[starts[place]] != Absent;
                return answers;
            }
            for (var at = 0; ;)
            {
                var found = octets.AsSpan(at, starts[count] - at).IndexOf(pattern);
                if (found < 0) return answers;
                var place = Array.BinarySearch(starts, 0, count + 1, at + found);
                if (place < 0) place = ~place - 1;
                answers[place] = true;
                at = starts[place + 1];
            }
        }
    }
}
