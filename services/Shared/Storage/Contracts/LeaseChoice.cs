using System.Runtime.InteropServices;

namespace Merpati.Storage;

/// <summary>An entry that is due, as a store offers it for a choice.</summary>
/// <param name="Key">What the store takes it by.</param>
public readonly record struct DueEntry<TKey>(TKey Key, string? Destination, string Sender, int Priority, DateTimeOffset Due)
    where TKey : notnull;

/// <summary>
/// Chooses from due entries those that a wish is for. A store offers the first (<see cref="FirstWindow"/>) in the order of their turn; where there are more, and the choice is not complete, it offers
/// some of each destination that it has room for, found by an index. So what is passed over is not looked at, however much it is.
/// </summary>
public sealed class LeaseChoice<TKey>(LeaseWish wish)
    where TKey : notnull
{
    private const int LookPast = 100;

    private readonly List<DueEntry<TKey>> _taken = [];
    private readonly List<DueEntry<TKey>> _spare = [];
    private readonly HashSet<TKey> _seen = [];
    private readonly Dictionary<string, int> _destinations = [];
    private readonly Dictionary<string, int> _senders = [];
    private readonly Dictionary<(string Destination, string Sender), int> _lanes = [];
    private readonly HashSet<string> _fullDestinations = [];
    private readonly HashSet<string> _fullSenders = [];
    private readonly HashSet<(string Destination, string Sender)> _fullLanes = [];
    private int _unknown;

    /// <summary>How many to look at in one go: all that is wanted, and some more to look past.</summary>
    public int Window => (int)Math.Min((long)wish.Limit + LookPast + _taken.Count, int.MaxValue);

    /// <summary>How many of the first to look at. Local mail has no destinations to go on by: where some of it may be passed over, all of it is looked at.</summary>
    public int FirstWindow(QueueRoute route) => route == QueueRoute.Local && wish.IsShare ? int.MaxValue : Window;

    /// <summary>No more than this is of use of one sender for one destination.</summary>
    public int MostOfOne(string? destination) => Math.Min(Math.Min(wish.Limit, Share(destination)), wish.PerSender);

    public IReadOnlyCollection<string> FullSenders => _fullSenders;

    /// <summary>Senders that have their part of the share of a destination.</summary>
    public IReadOnlyCollection<(string Destination, string Sender)> FullLanes => _fullLanes;

    public bool IsComplete => _taken.Count >= wish.Limit;

    public bool HasRoomFor(string? destination)
        => destination is null || (!_fullDestinations.Contains(destination) && !wish.ExceptDestinations.Contains(destination) && (_unknown < wish.MostUnknown || wish.WellKnown.ContainsKey(destination)));

    public bool HasRoomFor(string? destination, string sender) => HasRoomFor(destination) && !_fullSenders.Contains(sender);

    /// <summary>Takes what it has room for; true when there was one that it had not seen.</summary>
    public bool Offer(IEnumerable<DueEntry<TKey>> entries)
    {
        var before = _seen.Count;
        foreach (var entry in entries)
        {
            if (IsComplete) break;
            if (!_seen.Add(entry.Key) || !HasRoomFor(entry.Destination, entry.Sender)) continue;
            if (entry.Destination is not null && _fullLanes.Contains((entry.Destination, entry.Sender))) _spare.Add(entry);
            else Take(entry);
        }
        return _seen.Count > before;
    }

    /// <summary>After all was offered: the chosen ones, the higher priority first, within it the longest due.</summary>
    public IReadOnlyList<TKey> Choose()
    {
        foreach (var entry in _spare)
        {
            if (IsComplete) break;
            if (HasRoomFor(entry.Destination, entry.Sender)) Take(entry);
        }
        _spare.Clear();
        return [.. _taken.OrderByDescending(entry => entry.Priority).ThenBy(entry => entry.Due).Select(entry => entry.Key)];
    }

    private void Take(DueEntry<TKey> entry)
    {
        _taken.Add(entry);
        Count(_senders, entry.Sender, wish.PerSender, _fullSenders);
        if (entry.Destination is not { } destination) return;
        var share = Share(destination);
        Count(_destinations, destination, share, _fullDestinations);
        // One sender gets half of it, and the rest only if nobody else is there for it.
        Count(_lanes, (destination, entry.Sender), share == int.MaxValue ? share : (share + 1) / 2, _fullLanes);
        if (!wish.WellKnown.ContainsKey(destination)) _unknown++;
    }

    private int Share(string? destination) => destination is not null && wish.WellKnown.TryGetValue(destination, out var room) ? room : wish.PerDestination;

    private static void Count<TName>(Dictionary<TName, int> counts, TName name, int most, HashSet<TName> full)
        where TName : notnull
    {
        if (most == int.MaxValue) return;
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, name, out _);
        if (++count >= most) full.Add(name);
    }
}
