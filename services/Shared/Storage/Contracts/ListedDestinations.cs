using System.Diagnostics;

namespace Merpati.Storage;

/// <summary>
/// The destinations for which something is due, as a store listed them last. Listing costs by their number, so a list is used for twenty times as long as it took to make, and it is a page
/// of them where they are very many: the next one goes on behind it. Thread-safe.
/// </summary>
public sealed class ListedDestinations
{
    /// <summary>Strangers choose destinations; more are not held in memory.</summary>
    public const int Page = 10_000;

    private const int InOneGo = 64;
    private const int MostInTurn = 512;

    private Listing _last = new([], null, 0, TimeSpan.Zero);

    /// <summary>Null when it is time to make a new list.</summary>
    public IReadOnlyList<string?>? Current => _last is { At: > 0 } last && Stopwatch.GetElapsedTime(last.At) < last.Took * 20 ? last.Names : null;

    /// <summary>Where the next list begins, in ordinal order; null for the beginning, with the entries that name no destination.</summary>
    public string? After => _last.After;

    /// <param name="names">Up to a <see cref="Page"/>.</param>
    /// <param name="startedAt"><see cref="Stopwatch.GetTimestamp"/> of before.</param>
    public IReadOnlyList<string?> Keep(IReadOnlyList<string?> names, long startedAt)
    {
        _last = new Listing(names, names.Count < Page ? null : names[^1], Stopwatch.GetTimestamp(), Stopwatch.GetElapsedTime(startedAt));
        return names;
    }

    /// <summary>Those for which there is room, a few in one go and not endlessly many; everywhere in the list they begin once.</summary>
    public static IEnumerable<IReadOnlyList<string?>> InTurn(IReadOnlyList<string?> names, Func<string?, bool> hasRoom)
    {
        var group = new List<string?>(InOneGo);
        var (start, left) = (names.Count == 0 ? 0 : Random.Shared.Next(names.Count), MostInTurn);
        for (var i = 0; i < names.Count && left > 0; i++)
        {
            var name = names[(start + i) % names.Count];
            if (!hasRoom(name)) continue;
            group.Add(name);
            left--;
            if (group.Count < InOneGo) continue;
            yield return group;
            group = new List<string?>(InOneGo);
        }
        if (group.Count > 0) yield return group;
    }

    private sealed record Listing(IReadOnlyList<string?> Names, string? After, long At, TimeSpan Took);
}
