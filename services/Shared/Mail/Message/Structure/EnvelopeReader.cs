using Merpati.Mailboxes;
using MimeKit.Utils;

namespace Merpati.Mail;

/// <summary>ENVELOPE and what else is read from the header of a message.</summary>
internal static class EnvelopeReader
{
    /// <summary>Ids kept of References; the oldest, which made the thread, and the newest.</summary>
    private const int MaxReferences = 100;

    /// <summary>RFC 5322 §2.1.1: no id is longer than a line.</summary>
    private const int MaxIdLength = 998;

    public static MessageEnvelope Read(HeaderFields header)
    {
        var from = Addresses(header, HeaderField.From);
        var sender = Addresses(header, HeaderField.Sender);
        var replyTo = Addresses(header, HeaderField.ReplyTo);
        return new MessageEnvelope
        {
            Date = header[HeaderField.Date],
            Subject = header[HeaderField.Subject],
            From = from,
            Sender = sender.Count == 0 ? from : sender,
            ReplyTo = replyTo.Count == 0 ? from : replyTo,
            To = Addresses(header, HeaderField.To),
            Cc = Addresses(header, HeaderField.Cc),
            Bcc = Addresses(header, HeaderField.Bcc),
            InReplyTo = header[HeaderField.InReplyTo],
            MessageId = header[HeaderField.MessageId],
        };
    }

    /// <summary>The ids of References, then those of In-Reply-To that are not among them (RFC 5322 §3.6.4), and how many these are.</summary>
    public static (IReadOnlyList<string> Ids, int RepliesOnly) References(HeaderFields header)
    {
        var ids = new List<string>();
        AddIds(header[HeaderField.References], ids);
        var references = ids.Count == 0 ? 0 : ids.Distinct(StringComparer.Ordinal).Count();
        AddIds(header[HeaderField.InReplyTo], ids);
        var distinct = ids.Count <= 1 ? ids : ids.Distinct(StringComparer.Ordinal).ToList();
        var replies = Math.Min(distinct.Count - references, MaxReferences);
        if (distinct.Count > MaxReferences) distinct.RemoveRange(1, distinct.Count - MaxReferences);
        return (distinct, replies);
    }

    /// <summary>The first message id of a field; null where there is none.</summary>
    public static string? FirstId(string? text)
    {
        var ids = new List<string>();
        AddIds(text, ids);
        return ids.Count == 0 ? null : ids[0];
    }

    public static DateTimeOffset? SentDate(string? date)
        => date is { Length: > 0 and < 200 } && DateUtils.TryParse(date, out var sent) ? sent : null;

    private static IReadOnlyList<EnvelopeAddress> Addresses(HeaderFields header, HeaderField field)
        => header.NonEmpty(field) is { } text ? AddressListReader.Read(text) : [];

    private static void AddIds(string? text, List<string> ids)
    {
        for (var at = 0; text is not null && (at = text.IndexOf('<', at)) >= 0;)
        {
            var end = text.AsSpan(at + 1).IndexOfAny('<', '>');
            if (end < 0) return;
            end += at + 1;
            if (text[end] == '>' && end - at is > 1 and < MaxIdLength)
            {
                var id = text.AsSpan(at, end + 1 - at);
                ids.Add(id.ContainsAny(' ', '\t') ? string.Concat(id.ToString().Where(c => c is not (' ' or '\t'))) : id.ToString());
            }
            at = end;
        }
    }
}
