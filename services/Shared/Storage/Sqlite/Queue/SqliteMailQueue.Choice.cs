using System.Diagnostics;

namespace Merpati.Storage.Sqlite;

/// <summary>Whose turn it is. All of it is read from indexes, and none of it grows with what is passed over.</summary>
public sealed partial class SqliteMailQueue
{
    /// <summary>Senders looked at for one destination: more than it has places.</summary>
    private const int SendersInTurn = 16;

    private readonly ListedDestinations _destinations = new();

    private IReadOnlyList<long> Choose(SqliteSession session, QueueRoute route, LeaseWish wish, DateTimeOffset now)
    {
        var choice = new LeaseChoice<long>(wish);
        var window = choice.FirstWindow(route);
        var first = First(session, route, now, window);
        choice.Offer(first);
        if (route == QueueRoute.Relay && first.Count >= window && !choice.IsComplete)
        {
            foreach (var destinations in ListedDestinations.InTurn(_destinations.Current ?? ListDestinations(session), choice.HasRoomFor))
            {
                choice.Offer(destinations.SelectMany(destination => DueFor(session, destination, now, choice)).OrderByDescending(entry => entry.Priority).ThenBy(entry => entry.Due));
                if (choice.IsComplete) break;
            }
        }
        return choice.Choose();
    }

    /// <summary>The first in their turn, one priority after the other, so that within each the index leads to what is due, past all that is not yet.</summary>
    private static List<DueEntry<long>> First(SqliteSession session, QueueRoute route, DateTimeOffset now, int count)
    {
        var first = new List<DueEntry<long>>();
        var priority = session.Number("SELECT max(priority) FROM entry WHERE route = ?1 AND due IS NOT NULL", (int)route);
        while (priority is { } level && first.Count < count)
        {
            using (var rows = session.Query(
                "SELECT number, destination, account, due FROM entry INDEXED BY entry_turn WHERE route = ?1 AND priority = ?2 AND due <= ?3 ORDER BY due, number LIMIT ?4",
                (int)route, level, now, count - first.Count))
            {
                while (rows.Next()) first.Add(new DueEntry<long>(rows.Int64(0), rows.TextOrNull(1), rows.Text(2), (int)level, rows.Time(3)));
            }
            priority = session.Number("SELECT max(priority) FROM entry WHERE route = ?1 AND priority < ?2 AND due IS NOT NULL", (int)route, level);
        }
        return first;
    }

    /// <summary>From one destination in the index to the next, past all that is for it.</summary>
    private IReadOnlyList<string?> ListDestinations(SqliteSession session)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var names = new List<string?>();
        var after = _destinations.After;
        if (after is null && session.Exists("SELECT 1 FROM entry INDEXED BY entry_lane WHERE route = 1 AND due IS NOT NULL AND destination IS NULL LIMIT 1")) names.Add(null);
        using var rows = session.Query(
            """
            WITH RECURSIVE listed (name) AS (
                SELECT min(destination) FROM entry INDEXED BY entry_lane WHERE route = 1 AND due IS NOT NULL AND destination > ?1
                UNION ALL
                SELECT (SELECT min(next.destination) FROM entry AS next INDEXED BY entry_lane WHERE next.route = 1 AND next.due IS NOT NULL AND next.destination > listed.name)
                FROM listed WHERE listed.name IS NOT NULL
            )
            SELECT name FROM listed WHERE name IS NOT NULL LIMIT ?2
            """,
            after ?? "", ListedDestinations.Page);
        while (rows.Next()) names.Add(rows.Text(0));
        return _destinations.Keep(names, startedAt);
    }

    /// <summary>The first of each sender for a destination, of the higher priority first.</summary>
    private static List<DueEntry<long>> DueFor(SqliteSession session, string? destination, DateTimeOffset now, LeaseChoice<long> choice)
    {
        var due = new List<DueEntry<long>>();
        foreach (var sender in SendersTo(session, destination))
        {
            if (!choice.HasRoomFor(destination, sender)) continue;
            var left = choice.MostOfOne(destination);
            var priority = session.Number("SELECT max(priority) FROM entry INDEXED BY entry_lane WHERE route = 1 AND due IS NOT NULL AND destination IS ?1 AND account = ?2", destination, sender);
            while (priority is { } level && left > 0)
            {
                using (var rows = session.Query(
                    "SELECT number, due FROM entry INDEXED BY entry_lane WHERE route = 1 AND destination IS ?1 AND account = ?2 AND priority = ?3 AND due <= ?4 ORDER BY due, number LIMIT ?5",
                    destination, sender, level, now, left))
                {
                    for (; rows.Next(); left--) due.Add(new DueEntry<long>(rows.Int64(0), destination, sender, (int)level, rows.Time(1)));
                }
                priority = session.Number("SELECT max(priority) FROM entry INDEXED BY entry_lane WHERE route = 1 AND due IS NOT NULL AND destination IS ?1 AND account = ?2 AND priority < ?3", destination, sender, level);
            }
        }
        return due;
    }

    /// <summary>Some senders who have something for a destination. They begin anywhere: where there are many, each has its turn now and then.</summary>
    private static List<string> SendersTo(SqliteSession session, string? destination)
    {
        var senders = new List<string>();
        // Accounts are written as they are, reverse-paths in angle brackets.
        var start = Random.Shared.Next(2) == 0 ? Guid.NewGuid().ToString("N") : $"<{(char)Random.Shared.Next('a', 'z' + 1)}";
        foreach (var (after, last) in new[] { (start, "\U0010ffff"), ("", start) })
        {
            using var rows = session.Query(
                """
                WITH RECURSIVE listed (name) AS (
                    SELECT min(account) FROM entry INDEXED BY entry_lane WHERE route = 1 AND due IS NOT NULL AND destination IS ?1 AND account > ?2
                    UNION ALL
                    SELECT (SELECT min(next.account) FROM entry AS next INDEXED BY entry_lane WHERE next.route = 1 AND next.due IS NOT NULL AND next.destination IS ?1 AND next.account > listed.name)
                    FROM listed WHERE listed.name <= ?3
                )
                SELECT name FROM listed WHERE name <= ?3 LIMIT ?4
                """,
                destination, after, last, SendersInTurn - senders.Count);
            while (rows.Next()) senders.Add(rows.Text(0));
        }
        return senders;
    }
}
