using System.Runtime.InteropServices;

namespace Merpati.Storage;

/// <summary>
/// Chooses from the due entries, offered in their order, those that a wish is for. A store offers them a page at a time, and leaves out of the next page what can no longer be chosen:
/// <see cref="FullDestinations"/> and <see cref="FullSenders"/>. So a long row of entries of one sender or for one destination costs a look into an index, and is not read.
/// </summary>
/// <typeparam name="TKey">What the store takes an entry by.</typeparam>
public sealed class LeaseChoice<TKey>(LeaseWish wish)
    where TKey : notnull
{
    private const int MostWanted = 10_000;
    private const int LookPast = 100;

    private readonly List<TKey> _chosen = [];
    private readonly HashSet<TKey> _seen = [];
    private readonly Dictionary<string, int> _destinations = [];
    private readonly Dictionary<string, int> _senders = [];
    private readonly HashSet<string> _fullDestinations = [.. wish.ExceptDestinations];
    private readonly HashSet<string> _fullSenders = [];

    /// <summary>In the order in which they were offered.</summary>
    public IReadOnlyList<TKey> Chosen => _chosen;

    public IReadOnlyCollection<string> FullDestinations => _fullDestinations;

    public IReadOnlyCollection<string> FullSenders => _fullSenders;

    /// <summary>How many a page should hold: all that is wanted, and some more to look past.</summary>
    public int PageSize => Math.Min(wish.Limit, MostWanted) + LookPast + _chosen.Count;

    public bool IsComplete => _chosen.Count >= wish.Limit;

    /// <summary>Takes one page; true when another may bring more.</summary>
    public bool Offer(IReadOnlyCollection<(TKey Key, string? Destination, string Sender)> page)
    {
        var (asked, before) = (PageSize, _seen.Count);
        foreach (var (key, destination, sender) in page)
        {
            if (IsComplete) return false;
            if (!_seen.Add(key) || destination is not null && _fullDestinations.Contains(destination) || _fullSenders.Contains(sender)) continue;
            _chosen.Add(key);
            if (destination is not null) Count(_destinations, destination, wish.PerDestination, _fullDestinations);
            Count(_senders, sender, wish.PerSender, _fullSenders);
        }
        // A page without anything new would come again and again.
        return !IsComplete && page.Count >= asked && _seen.Count > before;
    }

    private static void Count(Dictionary<string, int> counts, string name, int most, HashSet<string> full)
    {
        if (most == int.MaxValue) return;
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, name, out _);
        if (++count >= most) full.Add(name);
    }
}
