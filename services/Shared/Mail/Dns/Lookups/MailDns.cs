using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using Microsoft.Extensions.Logging;
using TlsaRecord = Merpati.Relaying.TlsaRecord;

namespace Merpati.Mail.Dns;

/// <summary><see cref="IMailDns"/> with DnsClient as the stub resolver, behind a cache that is bounded. Recursion and validation are the resolver's.</summary>
public sealed class MailDns : IMailDns, IDisposable
{
    private readonly DnsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<MailDns> _logger;
    private readonly ResolverPool _resolvers;
    private readonly BoundedCache<Question, object> _cache;
    private readonly SingleFlight<Question, object> _flights = new();

    /// <param name="options">Valid.</param>
    public MailDns(DnsOptions options, TimeProvider time, ILogger<MailDns> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _resolvers = new ResolverPool(options);
        _cache = new BoundedCache<Question, object>(options.CacheEntries, options.CacheOctets);
        if (_resolvers.Validating) logger.ResolversTrusted(_resolvers.ToString());
        else logger.ResolversNotTrusted(_resolvers.ToString());
    }

    public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken)
        => AskAsync(name, QueryType.MX, static records => records.OfType<MxRecord>().Select(mx => new MailExchange(mx.Preference, DnsNames.OfData(mx.Exchange))), cancellationToken);

    public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, AddressFamily family, CancellationToken cancellationToken)
        => AskAsync(name, family == AddressFamily.InterNetworkV6 ? QueryType.AAAA : QueryType.A, static records => records.OfType<AddressRecord>().Select(address => address.Address), cancellationToken);

    public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken)
        => AskAsync(name, QueryType.TXT, static records => records.OfType<TxtRecord>().Select(text => string.Concat(text.Text)), cancellationToken);

    public ValueTask<DnsAnswer<TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken)
        => AskAsync(name, QueryType.TLSA, static records => records.OfType<DnsClient.Protocol.TlsaRecord>().Select(tlsa =>
            new TlsaRecord((byte)tlsa.CertificateUsage, (byte)tlsa.Selector, (byte)tlsa.MatchingType, tlsa.CertificateAssociationData.ToArray())), cancellationToken);

    public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken)
        => AskAsync(name, QueryType.SRV, static records => records.OfType<SrvRecord>().Select(service => new ServiceTarget(service.Priority, service.Weight, service.Port, DnsNames.OfData(service.Target))), cancellationToken);

    public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken)
        => AskAsync(address.GetArpaName(), QueryType.PTR, static records => records.OfType<PtrRecord>().Select(pointer => DnsNames.OfData(pointer.PtrDomainName)), cancellationToken);

    public void Dispose() => _resolvers.Dispose();

    private async ValueTask<DnsAnswer<T>> AskAsync<T>(string text, QueryType type, Func<IEnumerable<DnsResourceRecord>, IEnumerable<T>> read, CancellationToken cancellationToken)
    {
        if (!HostName.TryNormalize(text, out var name)) return new DnsAnswer<T>.NoSuchName(Secure: false, DateTimeOffset.MaxValue);
        var question = new Question(name, type);
        if (_cache.TryGet(question, _time.GetUtcNow(), out var cached)) return (DnsAnswer<T>)cached;
        return (DnsAnswer<T>)await _flights.JoinAsync(question, async () => await LookUpAsync(question, read), cancellationToken);
    }

    private async Task<object> LookUpAsync<T>(Question question, Func<IEnumerable<DnsResourceRecord>, IEnumerable<T>> read)
    {
        using var limit = new CancellationTokenSource(_options.QuestionTimeout, _time);
        var aliases = new AliasWalk<T>(question.Name, question.Type, read);
        var octets = 0L;
        DnsAnswer<T>? answer = null;
        while (answer is null)
        {
            var reply = await _resolvers.AskAsync(new DnsQuestion(aliases.Name, question.Type), limit.Token);
            if (reply.Response is null)
            {
                _logger.QuestionFailed(question.Name, question.Type, reply.Failure);
                answer = new DnsAnswer<T>.Temporary(reply.Failure);
            }
            else
            {
                octets += reply.Response.MessageSize;
                answer = aliases.Follow(reply.Response, _resolvers.Validating && reply.Response.Header.IsAuthenticData, _time.GetUtcNow(), _options);
            }
        }
        var now = _time.GetUtcNow();
        var expires = answer switch
        {
            DnsAnswer<T>.Found found => found.Expires,
            DnsAnswer<T>.NoData noData => noData.Expires,
            DnsAnswer<T>.NoSuchName noName => noName.Expires,
            _ => now + _options.FailureTtl,
        };
        // Objects take a few times the room of the octets that they came in.
        if (expires > now) _cache.Put(question, answer, expires, 300 + 4 * octets);
        return answer;
    }

    private readonly record struct Question(string Name, QueryType Type);
}
