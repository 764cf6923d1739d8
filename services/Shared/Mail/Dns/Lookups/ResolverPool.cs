using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace Merpati.Mail.Dns;

/// <summary>
/// The resolvers, asked one after the other, first the one that answered last time. DnsClient asks one of them once (over UDP, over TCP if that is cut off);
/// going on to the next, trying again and telling failures apart is done here, since it decides what may be believed.
/// </summary>
internal sealed class ResolverPool : IDisposable
{
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    private readonly DnsOptions _options;
    private readonly LookupClient _client;
    private readonly DnsQueryOptions _query;
    private readonly NameServer[][] _servers;
    private readonly SemaphoreSlim _room;
    private int _preferred;

    public ResolverPool(DnsOptions options)
    {
        _options = options;
        var servers = options.Servers.Count > 0 ? [.. options.Servers.Select(Parse)] : NameServer.ResolveNameServers(skipIPv6SiteLocal: true, fallbackToGooglePublicDns: false);
        _servers = [.. servers.Select(server => new[] { server })];
        _room = new SemaphoreSlim(options.Concurrency, options.Concurrency);
        IPNetwork[] trusted = options.TrustedResolvers.Count > 0 ? [.. options.TrustedResolvers.Select(IPNetwork.Parse)] : Loopback;
        Validating = _servers.Length > 0 && servers.All(server => trusted.Any(network => network.Contains(AddressOf(server))));
        _query = new DnsQueryOptions
        {
            // One try, one server, no memory, no exception for a response code: the rest is ours.
            Retries = 0,
            UseCache = false,
            UseRandomNameServer = false,
            ContinueOnDnsError = false,
            ContinueOnEmptyResponse = false,
            ThrowDnsErrors = false,
            Timeout = options.Timeout,
            UseTcpOnly = options.TcpOnly,
            UseTcpFallback = true,
            // What fits into a datagram that is not fragmented anywhere (DNS flag day 2020).
            ExtendedDnsBufferSize = 1232,
            // The DO bit (RFC 4035 §3.2.1) makes a validating resolver say AD; DnsClient cannot set AD in the question (RFC 6840 §5.7), which would do without the signatures.
            RequestDnsSecRecords = Validating,
        };
        _client = new LookupClient(new LookupClientOptions([.. servers.DefaultIfEmpty(new NameServer(IPAddress.Loopback))]) { UseCache = false });
    }

    /// <summary>The AD bit of every one of the resolvers is believed.</summary>
    public bool Validating { get; }

    public override string ToString() => _servers.Length == 0 ? "no resolver" : string.Join(", ", _servers.Select(one => Name(one[0])));

    public async Task<(IDnsQueryResponse? Response, string Failure)> AskAsync(DnsQuestion question, CancellationToken limit)
    {
        try { await _room.WaitAsync(limit); }
        catch (OperationCanceledException) { return (null, "too many questions are waiting for the resolvers"); }
        try { return await AskAllAsync(question, limit); }
        finally { _room.Release(); }
    }

    private async Task<(IDnsQueryResponse? Response, string Failure)> AskAllAsync(DnsQuestion question, CancellationToken limit)
    {
        var failure = "there is no resolver to ask";
        var gaveUp = new bool[_servers.Length];
        var first = Volatile.Read(ref _preferred);
        for (var round = 0; round <= _options.Retries; round++)
        {
            for (var i = 0; i < _servers.Length; i++)
            {
                var index = (first + i) % _servers.Length;
                if (gaveUp[index]) continue;
                if (limit.IsCancellationRequested) return (null, failure);
                var server = _servers[index][0];
                try
                {
                    var response = await _client.QueryServerAsync(_servers[index], question, _query, limit);
                    if (Complaint(response, question) is not { } complaint)
                    {
                        Volatile.Write(ref _preferred, index);
                        return (response, "");
                    }
                    failure = $"{Name(server)} {complaint}";
                    // It has done its best: only a server that did not answer is asked again.
                    gaveUp[index] = true;
                }
                catch (Exception e) when (e is DnsResponseException { Code: DnsResponseCode.ConnectionTimeout } or TimeoutException or OperationCanceledException)
                {
                    failure = $"{Name(server)} does not answer";
                }
                catch (Exception e) when (e is DnsResponseException or DnsXidMismatchException or SocketException or IOException)
                {
                    failure = $"{Name(server)} cannot be asked ({(e.InnerException ?? e).Message.TrimEnd('.')})";
                }
                // Octets of a stranger: whatever DnsClient makes of them, to us they are no answer.
                catch (Exception e) when (e is DnsResponseParseException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or NullReferenceException or FormatException)
                {
                    failure = $"{Name(server)} gave an answer that cannot be read";
                    gaveUp[index] = true;
                }
            }
        }
        return (null, failure);
    }

    public void Dispose() => _room.Dispose();

    /// <summary>What is wrong with a reply; null when it is an answer to the question.</summary>
    private static string? Complaint(IDnsQueryResponse response, DnsQuestion question)
    {
        if (response.Questions is not [var echoed]
            || echoed.QuestionType != question.QuestionType
            || !DnsNames.OfOwner(echoed.QueryName).Equals(DnsNames.OfData(question.QueryName), StringComparison.Ordinal))
            return "answered another question";
        return response.Header.ResponseCode switch
        {
            // A server that sends us elsewhere is no resolver.
            DnsHeaderResponseCode.NoError when response.Answers.Count == 0 && !response.Header.RecursionAvailable && !response.Header.HasAuthorityAnswer => "does not resolve for us",
            DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain => null,
            DnsHeaderResponseCode.ServerFailure => "answered SERVFAIL",
            DnsHeaderResponseCode.Refused => "answered REFUSED",
            DnsHeaderResponseCode.FormatError => "answered FORMERR",
            DnsHeaderResponseCode.NotImplemented => "answered NOTIMP",
            var code => string.Create(CultureInfo.InvariantCulture, $"answered response code {(int)code}"),
        };
    }

    private static NameServer Parse(string server)
    {
        var endpoint = IPEndPoint.Parse(server);
        return new NameServer(endpoint.Address, endpoint.Port == 0 ? NameServer.DefaultPort : endpoint.Port);
    }

    private static IPAddress AddressOf(NameServer server) => IPAddress.Parse(server.Address);

    private static string Name(NameServer server)
        => server.Port == NameServer.DefaultPort ? server.Address : new IPEndPoint(AddressOf(server), server.Port).ToString();
}
