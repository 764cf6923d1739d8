using System.Globalization;
using System.Text;
using Merpati.Mail.Policy;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>What all scanners of a message said.</summary>
internal sealed record ScanResult(IReadOnlyList<ScanAnswer> Answers, MessageEdit Edit)
{
    private const int MaxText = 100;
    private const int MaxList = 300;

    /// <summary><c>rspamd=no-action clamav=away (resting)</c>, for timeline and log.</summary>
    public string Summary => string.Join(' ', Answers.Select(answer => Told(answer) + Resting(answer)));

    public MailFacts AddTo(MailFacts facts)
    {
        facts = facts.With(MailFact.ScanResults, Answers.Select(Told));
        if (Answers.Any(answer => answer.IsResting)) facts = facts.With(MailFact.ScanResting, Answers.Where(answer => answer.IsResting).Select(answer => answer.Scanner));
        // The strongest wish; of several with the same the first.
        if (Answers.Where(answer => answer.Asks is not null).MaxBy(answer => answer.Asks) is { Asks: { } action } asking)
        {
            facts = facts.With(MailFact.ScanAsks, action.Name());
            if (asking.Reply is { Length: > 0 } reply && action is PolicyAction.Defer or PolicyAction.Reject) facts = facts.With(MailFact.ScanReply, ReplyOf(action, asking.Reply!));
        }
        var viruses = Answers.SelectMany(answer => answer.Viruses).Select(name => Plain(name)).ToList();
        if (viruses.Count > 0) facts = facts.With(MailFact.Viruses, viruses);
        if (Answers.Select(answer => answer.Rspamd).FirstOrDefault(verdict => verdict is not null) is { } rspamd)
            facts = facts.With(MailFact.RspamdAction, Plain(rspamd.Action)).With(MailFact.RspamdScore, rspamd.Score).With(MailFact.RspamdSymbols, rspamd.Symbols.Select(symbol => Plain(symbol)).Take(MaxList));
        if (Answers.Select(answer => answer.Content).FirstOrDefault(content => content is not null) is { } content)
            facts = facts.With(MailFact.ContentSigns, content.Reasons).With(MailFact.AttachmentExtensions, content.Extensions.Select(extension => Plain(extension))).With(MailFact.AttachmentCount, content.Attachments);
        if (Answers.FirstOrDefault(answer => answer.Classified is not null) is { Classified: { } classified }) facts = facts.With(MailFact.ClassifierScore, classified);
        if (Answers.Any(answer => answer.Score is not null)) facts = facts.With(MailFact.ScanScore, Answers.Sum(answer => answer.Score ?? 0));
        var tags = Answers.SelectMany(answer => answer.Tags).Select(tag => Plain(tag)).Distinct(StringComparer.Ordinal).Take(MaxList).ToList();
        return tags.Count > 0 ? facts.With(MailFact.ScanTags, tags) : facts;
    }

    /// <summary>The field that tells it, with CRLF.</summary>
    public string Header()
    {
        var field = new StringBuilder("X-Merpati-Scan:");
        for (var at = 0; at < Answers.Count; at++)
        {
            var answer = Answers[at];
            if (at > 0) field.Append(";\r\n\t");
            else field.Append(' ');
            field.Append(Told(answer)).Append(Resting(answer));
            if ((answer.Rspamd?.Score ?? answer.Classified ?? answer.Score) is { } score) field.Append(CultureInfo.InvariantCulture, $" score={score:0.###}");
            if (answer.Content is { Reasons: [_, ..] signs }) field.Append(CultureInfo.InvariantCulture, $" ({string.Join(", ", signs)})");
            if (answer.Viruses is [var virus, ..]) field.Append(CultureInfo.InvariantCulture, $" ({Plain(virus).Replace('(', '[').Replace(')', ']')})");
        }
        return field.Append("\r\n").ToString();
    }

    private static string Resting(ScanAnswer answer) => answer.IsResting ? " (resting)" : "";

    private static string Told(ScanAnswer answer) => $"{answer.Scanner}={answer.Result}";

    /// <summary>As a reply has to be: an enhanced status code that fits, and one line of ASCII.</summary>
    private static string ReplyOf(PolicyAction action, string reply)
    {
        var digit = action == PolicyAction.Reject ? '5' : '4';
        var text = Plain(reply, 300).Trim();
        return ReplyText.HasCode(text, digit) ? text : $"{digit}.7.1 {text}";
    }

    private static string Plain(string text, int most = MaxText) => string.Concat(text.Take(most).Select(c => c is >= ' ' and < '\x7f' and not '\\' ? c : '?'));
}
