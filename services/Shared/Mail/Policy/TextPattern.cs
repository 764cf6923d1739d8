namespace Merpati.Mail.Policy;

/// <summary>A text without regard to case in which <c>*</c> stands for any characters and <c>?</c> for one. The time to match grows with the product of the lengths at most.</summary>
public sealed record TextPattern(string Pattern)
{
    public bool Matches(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (at, from) = (0, 0);
        // Where to go on when what follows the last star does not fit here.
        var (star, resume) = (-1, 0);
        while (at < text.Length)
        {
            if (from < Pattern.Length && Pattern[from] == '*')
            {
                (star, resume) = (from++, at);
            }
            else if (from < Pattern.Length && (Pattern[from] == '?' || char.ToUpperInvariant(Pattern[from]) == char.ToUpperInvariant(text[at])))
            {
                at++;
                from++;
            }
            else if (star >= 0)
            {
                (at, from) = (++resume, star + 1);
            }
            else
            {
                return false;
            }
        }
        while (from < Pattern.Length && Pattern[from] == '*') from++;
        return from == Pattern.Length;
    }
}
