using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>Puts messages in the order of SORT (RFC 5256 §3, RFC 5957). Of each message it keeps what the keys compare, and nothing else.</summary>
public sealed class SortedMessages(IReadOnlyList<SortKey> keys)
{
    private readonly List<Row> _rows = [];

    /// <summary>One value for each key: a text, or a number.</summary>
    private readonly record struct Row(Uid Uid, (string? Text, long Number)[] Values);

    /// <summary>In any order.</summary>
    public void Add(MessageInfo message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var values = new (string?, long)[keys.Count];
        for (var i = 0; i < values.Length; i++) values[i] = ValueOf(message, keys[i].Field);
        _rows.Add(new Row(message.Uid, values));
    }

    public IReadOnlyList<Uid> ToUids()
    {
        _rows.Sort(Compare);
        return _rows.ConvertAll(row => row.Uid);
    }

    /// <summary>The sent date in UTC, and INTERNALDATE where there is none that can be read (RFC 5256 §2.2).</summary>
    public static DateTimeOffset SentDate(MessageInfo message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.Structure.SentDate ?? message.InternalDate;
    }

    private int Compare(Row left, Row right)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var order = left.Values[i].Text is { } text
                ? string.CompareOrdinal(text, right.Values[i].Text)
                : left.Values[i].Number.CompareTo(right.Values[i].Number);
            if (order != 0) return keys[i].Reverse ? -order : order;
        }
        return left.Uid.CompareTo(right.Uid);
    }

    private static (string? Text, long Number) ValueOf(MessageInfo message, SortField field) => field switch
    {
        SortField.Arrival => (null, message.InternalDate.UtcTicks),
        SortField.Date => (null, SentDate(message).UtcTicks),
        SortField.Size => (null, message.Size),
        SortField.Subject => (BaseSubject.Of(message.Structure.Envelope.Subject).Text, 0),
        SortField.Cc => (LocalPart(message.Structure.Envelope.Cc), 0),
        SortField.From => (LocalPart(message.Structure.Envelope.From), 0),
        SortField.To => (LocalPart(message.Structure.Envelope.To), 0),
        SortField.DisplayFrom => (DisplayName(message.Structure.Envelope.From), 0),
        SortField.DisplayTo => (DisplayName(message.Structure.Envelope.To), 0),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>addr-mailbox of the first address: of a group its name.</summary>
    private static string LocalPart(IReadOnlyList<EnvelopeAddress> addresses) => addresses is [{ Mailbox: { } mailbox }, ..] ? CaseMap.Fold(HeaderText.Decode(mailbox)) : "";

    /// <summary>RFC 5957 §3: the name if there is one, else mailbox and host; of a group its name.</summary>
    private static string DisplayName(IReadOnlyList<EnvelopeAddress> addresses) => addresses switch
    {
        [{ Name: { Length: > 0 } name }, ..] => CaseMap.Fold(HeaderText.Decode(name)),
        [{ Mailbox: { } mailbox, Host: { } host }, ..] => CaseMap.Fold($"{mailbox}@{host}"),
        [{ Mailbox: { } group }, ..] => CaseMap.Fold(HeaderText.Decode(group)),
        _ => "",
    };
}
