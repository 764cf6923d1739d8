using DnsClient;
using DnsClient.Protocol;

namespace Merpati.Mail.Dns;

/// <summary>Follows CNAME records from the name that was asked for to the records, within one reply and, if that stops short, over several.</summary>
internal sealed class AliasWalk<T>(string name, QueryType type, Func<IEnumerable<DnsResourceRecord>, IEnumerable<T>> read)
{
    // Resolvers themselves stop between 8 and 16.
    private const int MaxAliases = 10;

    private readonly HashSet<string> _seen = [name];
    private bool _secure = true;
    private TimeSpan _timeToLive = TimeSpan.MaxValue;

    /// <summary>Where the walk is: the name to ask for.</summary>
    public string Name { get; private set; } = name;

    /// <summary>The answer; null when <see cref="Name"/> has to be asked for.</summary>
    public DnsAnswer<T>? Follow(IDnsQueryResponse response, bool secure, DateTimeOffset now, DnsOptions options)
    {
        _secure &= secure;
        var asked = Name;
        while (true)
        {
            var here = response.Answers.Where(record => DnsNames.OfOwner(record.DomainName).Equals(Name, StringComparison.Ordinal)).ToList();
            var wanted = here.Where(record => (int)record.RecordType == (int)type).ToList();
            if (wanted.Count > 0)
            {
                wanted.ForEach(Shorten);
                return new DnsAnswer<T>.Found(Name, [.. read(wanted)], _secure, now + Min(_timeToLive, options.LongestTtl));
            }
            var alias = here.OfType<CNameRecord>().FirstOrDefault();
            if (alias is null) break;
            if (!HostName.TryNormalize(DnsNames.OfData(alias.CanonicalName), out var target)) return new DnsAnswer<T>.Temporary($"{Name} is an alias of something that is no name");
            if (!_seen.Add(target)) return new DnsAnswer<T>.Temporary($"the aliases of {Name} go round in a circle");
            if (_seen.Count > MaxAliases + 1) return new DnsAnswer<T>.Temporary($"more than {MaxAliases} aliases, the last of them {Name}");
            Shorten(alias);
            Name = target;
        }

        var authority = response.Authorities.OfType<SoaRecord>().FirstOrDefault();
        if (response.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain) return new DnsAnswer<T>.NoSuchName(_secure, now + Negative(authority, options));
        if (Name != asked && authority is null) return null;
        return new DnsAnswer<T>.NoData(Name, _secure, now + Negative(authority, options));
    }

    private void Shorten(DnsResourceRecord record) => _timeToLive = Min(_timeToLive, TimeToLive(record.InitialTimeToLive));

    /// <summary>RFC 2308 §5: the lesser of the SOA record's own time and its minimum; without one it is not kept.</summary>
    private TimeSpan Negative(SoaRecord? authority, DnsOptions options)
        => authority is null
            ? TimeSpan.Zero
            : Min(Min(_timeToLive, options.LongestNegativeTtl), Min(TimeToLive(authority.InitialTimeToLive), TimeSpan.FromSeconds(authority.Minimum)));

    /// <summary>RFC 2181 §8: what has the highest bit set counts as zero.</summary>
    private static TimeSpan TimeToLive(int seconds) => TimeSpan.FromSeconds(Math.Max(0, seconds));

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
