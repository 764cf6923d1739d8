using System.Globalization;
using Merpati.Storage;

namespace Merpati.Platform.Sharing;

/// <summary>
/// What the processes count by day (UTC) and name for a report, in the store: each writes its own record of a day and a name over and over, so that one that dies loses little; one of them
/// reads them together when the day is over.
/// </summary>
/// <param name="kind">Of the records; the claims are of another one beside it.</param>
/// <param name="process">This process, and no other one before or after it.</param>
public sealed class DailyRecords(ISharedRecords records, string kind, string process, TimeProvider time)
{
    private const int Page = 100;
    private const int KeptDays = 4;

    /// <summary>Whoever reports has as long as this to do so; then another may.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(40);

    public DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>Writes what this process counted on the day for the name, instead of what it wrote before.</summary>
    public async ValueTask PutAsync(IEnumerable<(DateOnly Day, string Name, ReadOnlyMemory<byte> Value)> counted, CancellationToken cancellationToken)
    {
        foreach (var page in counted.Chunk(Page))
            await records.PutAsync([.. page.Select(one => new SharedRecord(kind, $"{Prefix(one.Day, one.Name)} {process}", one.Value, StartOf(one.Day).AddDays(KeptDays)))], cancellationToken);
    }

    /// <summary>The days before today, and their names, for which there is something to report.</summary>
    public async ValueTask<IReadOnlyList<(DateOnly Day, string Name)>> DueAsync(CancellationToken cancellationToken)
    {
        var due = new SortedSet<(DateOnly Day, string Name)>();
        string? after = null;
        while (await records.ListAsync(kind, after, Page, cancellationToken) is { Count: > 0 } page)
        {
            var old = page.Select(record => Key(record.Key)).TakeWhile(key => key.Day < Today).ToList();
            due.UnionWith(old);
            // They are in order of day.
            if (old.Count < page.Count) break;
            after = page[^1].Key;
        }
        return [.. due];
    }

    /// <summary>What all processes counted, for the one that comes first; null for the others, or when there is nothing.</summary>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>?> ClaimAsync(DateOnly day, string name, CancellationToken cancellationToken)
    {
        var claim = new SharedRecord($"{kind}-claim", Prefix(day, name), ReadOnlyMemory<byte>.Empty, time.GetUtcNow() + Claim);
        if (!await records.TryPutAsync(claim, cancellationToken)) return null;
        var counted = await OfAllAsync(day, name, cancellationToken);
        return counted.Count == 0 ? null : [.. counted.Select(record => record.Value)];
    }

    /// <summary>It was reported, or nobody wants to know.</summary>
    public async ValueTask ForgetAsync(DateOnly day, string name, CancellationToken cancellationToken)
        => await records.RemoveAsync(kind, [.. (await OfAllAsync(day, name, cancellationToken)).Select(record => record.Key)], cancellationToken);

    private async ValueTask<IReadOnlyList<SharedRecord>> OfAllAsync(DateOnly day, string name, CancellationToken cancellationToken)
    {
        var prefix = Prefix(day, name) + " ";
        return [.. (await records.ListAsync(kind, prefix, Page, cancellationToken)).TakeWhile(record => record.Key.StartsWith(prefix, StringComparison.Ordinal))];
    }

    public static DateTimeOffset StartOf(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static string Prefix(DateOnly day, string name) => $"{day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} {name}";

    private static (DateOnly Day, string Name) Key(string key) => key.Split(' ') is [var day, var name, ..] ? (DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture), name) : (DateOnly.MaxValue, key);
}
