using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Queueing;

namespace Merpati.Storage.Sqlite;

/// <summary>Entries and their recipients as rows.</summary>
internal static class QueueRows
{
    public const string Columns = "number, id, route, next_attempt_at, attempts, content, size, accepted_at, reverse_local, reverse_domain, body, smtp_utf8, dsn_return, envelope_id, submitter, trace_parent, trace_headers, destination, require_tls, priority, deliver_by, deliver_by_mode, deliver_by_trace, tls_optional";

    /// <summary>How many <see cref="Columns"/> are.</summary>
    public const int ColumnCount = 24;

    public static bool IsOpen(this RecipientState state) => state is RecipientState.Queued or RecipientState.Held;

    /// <summary>Substrings are looked for in this form.</summary>
    public static string Key(string address) => address.ToLowerInvariant();

    /// <summary>Puts the entry in and books its recipients; false, and nothing changed, when the id is there already.</summary>
    public static bool Insert(SqliteSession session, QueueEntry entry)
    {
        DateTimeOffset? due = entry.Recipients.Any(r => r.State == RecipientState.Queued) ? entry.NextAttemptAt : null;
        var inserted = session.Execute(
            """
            INSERT INTO entry (id, route, due, next_attempt_at, attempts, content, size, accepted_at, reverse_local, reverse_domain, reverse_key, body, smtp_utf8, dsn_return, envelope_id, submitter, trace_parent, trace_headers,
                destination, require_tls, priority, deliver_by, deliver_by_mode, deliver_by_trace, account, tls_optional)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)
            ON CONFLICT (id) DO NOTHING
            """,
            entry.Id.Value, (int)entry.Route, due, entry.NextAttemptAt, entry.Attempts, entry.Content.Value, entry.Size, entry.AcceptedAt,
            entry.ReversePath.Address?.LocalPart, entry.ReversePath.Address?.Domain, Key(entry.ReversePath.ToString()),
            (int)entry.Body, entry.SmtpUtf8, (int)entry.Return, entry.EnvelopeId, entry.Submitter?.Value, entry.TraceParent, entry.TraceHeaders,
            entry.Destination, entry.RequireTls, entry.Priority, entry.DeliverBy?.At, (int)(entry.DeliverBy?.Mode ?? default), entry.DeliverBy?.Trace ?? false,
            entry.Submitter?.ToString() ?? Key(entry.ReversePath.ToString()), entry.TlsOptional);
        if (inserted == 0) return false;

        var number = session.Number("SELECT last_insert_rowid()")!.Value;
        for (var i = 0; i < entry.Recipients.Count; i++)
        {
            var (one, recipient) = (entry.Recipients[i], entry.Recipients[i].Recipient);
            session.Execute(
                """
                INSERT INTO recipient (entry, number, state, local_part, domain, key, notify, original_recipient, detail, bounce_requested, delay_reported, intent_host, intent_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                """,
                number, i, (int)one.State, recipient.Address.LocalPart, recipient.Address.Domain, Key(recipient.Address.ToString()), (int)recipient.Notify, recipient.OriginalRecipient,
                one.Detail, one.BounceRequested, one.DelayReported, one.Intent?.Host, one.Intent?.At);
            if (!one.State.IsOpen()) Book(session, (int)one.State, 1);
        }
        Book(session, QueueSchema.Accepted, entry.Recipients.Count);
        return true;
    }

    /// <summary>The entry on the current row of a query for <see cref="Columns"/>.</summary>
    public static QueueEntry Read(SqliteSession session, Rows rows) => new()
    {
        Id = new QueueId(rows.Guid(1)),
        Route = (QueueRoute)rows.Int32(2),
        NextAttemptAt = rows.Time(3),
        Attempts = rows.Int32(4),
        Content = new ContentId(rows.Guid(5)),
        Size = rows.Int64(6),
        AcceptedAt = rows.Time(7),
        ReversePath = rows.IsNull(8) ? ReversePath.Null : new ReversePath(new EmailAddress(rows.Text(8), rows.Text(9))),
        Body = (BodyType)rows.Int32(10),
        SmtpUtf8 = rows.Boolean(11),
        Return = (DsnReturn)rows.Int32(12),
        EnvelopeId = rows.TextOrNull(13),
        Submitter = rows.GuidOrNull(14) is { } submitter ? new AccountId(submitter) : null,
        TraceParent = rows.TextOrNull(15),
        TraceHeaders = rows.Bytes(16),
        Destination = rows.TextOrNull(17),
        RequireTls = rows.Boolean(18),
        Priority = rows.Int32(19),
        DeliverBy = rows.TimeOrNull(20) is { } by ? new DeliverBy(by, (DeliverByMode)rows.Int32(21), rows.Boolean(22)) : null,
        TlsOptional = rows.Boolean(23),
        Recipients = ReadRecipients(session, rows.Int64(0)),
    };

    /// <summary>Moves the counter of one of the ledger's accounts.</summary>
    public static void Book(SqliteSession session, int account, long recipients)
        => session.Execute("UPDATE ledger SET recipients = recipients + ?2 WHERE account = ?1", account, recipients);

    /// <summary>Changes one recipient and books it when that closes it. A closed one stays as it is.</summary>
    public static void SetState(SqliteSession session, long entry, int recipient, RecipientResult result)
    {
        var changed = session.Execute(
            """
            UPDATE recipient SET state = ?3, detail = ?4, delay_reported = delay_reported OR ?5, intent_host = iif(?6, intent_host, NULL), intent_at = iif(?6, intent_at, NULL)
            WHERE entry = ?1 AND number = ?2 AND state IN (0, 1)
            """,
            entry, recipient, (int)result.State, result.Detail, result.DelayReported, result.IntentStays) == 1;
        if (changed && !result.State.IsOpen()) Book(session, (int)result.State, 1);
    }

    public static void SetIntent(SqliteSession session, long entry, int recipient, string host, DateTimeOffset at)
        => session.Execute("UPDATE recipient SET intent_host = ?3, intent_at = ?4 WHERE entry = ?1 AND number = ?2 AND state = 0", entry, recipient, host, at);

    /// <summary>Changes all recipients that are in one state, an open one; returns how many.</summary>
    public static int MoveAll(SqliteSession session, long entry, RecipientState from, RecipientState to, string? detail)
    {
        var changed = session.Execute("UPDATE recipient SET state = ?3, detail = ?4 WHERE entry = ?1 AND state = ?2", entry, (int)from, (int)to, detail);
        if (changed > 0 && !to.IsOpen()) Book(session, (int)to, changed);
        return changed;
    }

    public static void Remove(SqliteSession session, long entry) => session.Execute("DELETE FROM entry WHERE number = ?1", entry);

    private static List<QueueRecipient> ReadRecipients(SqliteSession session, long entry)
    {
        var recipients = new List<QueueRecipient>(1);
        using var rows = session.Query("SELECT state, local_part, domain, notify, original_recipient, detail, bounce_requested, delay_reported, intent_host, intent_at FROM recipient WHERE entry = ?1 ORDER BY number", entry);
        while (rows.Next())
        {
            recipients.Add(new QueueRecipient
            {
                State = (RecipientState)rows.Int32(0),
                Recipient = new EnvelopeRecipient(new EmailAddress(rows.Text(1), rows.Text(2)), (DsnNotify)rows.Int32(3), rows.TextOrNull(4)),
                Detail = rows.TextOrNull(5),
                BounceRequested = rows.TextOrNull(6),
                DelayReported = rows.Boolean(7),
                Intent = rows.TextOrNull(8) is { } host ? new RelayIntent(host, rows.Time(9)) : null,
            });
        }
        return recipients;
    }
}
