using System.Text.RegularExpressions;
using Merpati.Addresses;

namespace Merpati.Mail.Policy;

/// <summary>The text of a reply, in which the name of a fact in braces stands for its value.</summary>
public static partial class ReplyText
{
    private const int MaxValue = 255;

    /// <summary>Whether it begins with an enhanced status code of that class (RFC 3463 §2): <c>5.7.1</c> of '5'.</summary>
    public static bool HasCode(string reply, char statusClass)
        => reply.Split(' ', 2) is [var code, _] && code.Split('.') is [[var first], { Length: >= 1 and <= 3 } subject, { Length: >= 1 and <= 3 } detail] && first == statusClass && subject.All(char.IsAsciiDigit) && detail.All(char.IsAsciiDigit);

    /// <summary>The facts that it names.</summary>
    public static IEnumerable<string> Names(string reply) => Placeholder().Matches(reply).Select(match => match.Groups["fact"].Value);

    /// <summary>A reply is one line of ASCII, whatever a stranger wrote: a domain becomes A-labels, the rest question marks.</summary>
    public static string Fill(string reply, MailFacts facts)
        => Placeholder().Replace(reply, match => MailFact.Find(match.Groups["fact"].Value) is { } fact && facts.Text(fact) is { Length: > 0 } text ? Plain(DomainName.ToAscii(text) ?? text) : "unknown");

    private static string Plain(string text)
        => string.Concat(text.Take(MaxValue).Select(c => c is >= ' ' and < '\x7f' ? c : '?'));

    [GeneratedRegex(@"\{(?<fact>[a-z.]+)\}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
