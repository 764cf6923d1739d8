using System.Text;

namespace Merpati.Mail;

/// <summary>What is left of a subject without the marks of replies and forwards (RFC 5256 §2.1).</summary>
/// <param name="Text">In the form of <see cref="CaseMap"/>; two subjects are of one conversation when it is the same.</param>
/// <param name="IsReply">Marks of a reply or a forward were taken away.</param>
public readonly record struct BaseSubject(string Text, bool IsReply)
{
    /// <summary>Characters that are looked at: taking away marks one by one goes over what is left again and again.</summary>
    private const int MaxLength = 2000;

    /// <param name="subject">As it stands in the header; encoded words are decoded here.</param>
    public static BaseSubject Of(string? subject)
    {
        if (string.IsNullOrEmpty(subject)) return new BaseSubject("", false);
        ReadOnlySpan<char> text = Collapse(HeaderText.Decode(subject));
        var isReply = false;
        // Step 6 starts again from step 2.
        do
        {
            text = WithoutTrailers(text, ref isReply);
            text = WithoutLeaders(text, ref isReply);
        }
        while (TryUnwrapForward(ref text, ref isReply));
        return new BaseSubject(CaseMap.Fold(text.ToString()), isReply);
    }

    /// <summary>Step 1: runs of blanks are one space.</summary>
    private static string Collapse(string subject)
    {
        var text = new StringBuilder(Math.Min(subject.Length, MaxLength));
        foreach (var c in subject)
        {
            if (text.Length == MaxLength) break;
            if (c is not (' ' or '\t' or '\r' or '\n')) text.Append(c);
            else if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
        }
        return text.ToString();
    }

    /// <summary>Step 2: <c>subj-trailer = "(fwd)" / WSP</c>.</summary>
    private static ReadOnlySpan<char> WithoutTrailers(ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        while (true)
        {
            text = text.TrimEnd(' ');
            if (!text.EndsWith("(fwd)", StringComparison.OrdinalIgnoreCase)) return text;
            text = text[..^5];
            isReply = true;
        }
    }

    /// <summary>Steps 3 to 5: leaders go, and a blob goes where something is left without it.</summary>
    private static ReadOnlySpan<char> WithoutLeaders(ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        while (true)
        {
            if (TryLeader(text, out var leader))
            {
                isReply |= text[0] != ' ';
                text = text[leader..];
            }
            else if (Blob(text) is > 0 and var blob && blob < text.Length) text = text[blob..];
            else return text;
        }
    }

    /// <summary><c>subj-leader = (*subj-blob subj-refwd) / WSP</c>.</summary>
    private static bool TryLeader(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        if (text.StartsWith(' '))
        {
            length = 1;
            return true;
        }
        while (Blob(text[length..]) is > 0 and var blob) length += blob;
        var refwd = ReplyOrForward(text[length..]);
        length += refwd;
        return refwd > 0;
    }

    /// <summary><c>subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"</c>; 0 where there is none.</summary>
    private static int ReplyOrForward(ReadOnlySpan<char> text)
    {
        var at = text.StartsWith("re", StringComparison.OrdinalIgnoreCase) ? 2
            : text.StartsWith("fwd", StringComparison.OrdinalIgnoreCase) ? 3
            : text.StartsWith("fw", StringComparison.OrdinalIgnoreCase) ? 2
            : 0;
        if (at == 0) return 0;
        while (at < text.Length && text[at] == ' ') at++;
        at += Blob(text[at..]);
        return at < text.Length && text[at] == ':' ? at + 1 : 0;
    }

    /// <summary><c>subj-blob = "[" *BLOBCHAR "]" *WSP</c>; 0 where there is none.</summary>
    private static int Blob(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith('[')) return 0;
        var end = text[1..].IndexOfAny('[', ']') + 1;
        if (end == 0 || text[end] != ']') return 0;
        end++;
        while (end < text.Length && text[end] == ' ') end++;
        return end;
    }

    /// <summary>Step 6: <c>"[fwd:" … "]"</c>.</summary>
    private static bool TryUnwrapForward(ref ReadOnlySpan<char> text, scoped ref bool isReply)
    {
        if (!text.StartsWith("[fwd:", StringComparison.OrdinalIgnoreCase) || !text.EndsWith(']')) return false;
        text = text[5..^1];
        return isReply = true;
    }
}
