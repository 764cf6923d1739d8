using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Merpati.TestKit.Dns;

/// <summary>A question that reached the server.</summary>
public sealed record DnsTestQuestion(string Name, string Type, bool Tcp, bool DnssecOk);

/// <summary>
/// A resolver on loopback, over UDP and TCP on one port, that answers out of a <see cref="DnsZone"/>: with aliases followed, SOA for what is not there,
/// AD for what is secure if the question has DO, TC for what is too large for a datagram, and with all that goes wrong with DNS.
/// </summary>
public sealed class DnsTestServer : IAsyncDisposable
{
    private const int MaxAliases = 20;
    private const int NegativeTtl = 30;

    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<DnsTestQuestion> _questions = new();
    private readonly Task _running;
    private volatile DnsZone _zone;

    private DnsTestServer(Socket udp, TcpListener tcp, DnsZone zone)
    {
        (_udp, _tcp, _zone) = (udp, tcp, zone);
        _running = Task.WhenAll(ServeUdpAsync(_stop.Token), ServeTcpAsync(_stop.Token));
    }

    public IPEndPoint EndPoint => (IPEndPoint)_udp.LocalEndPoint!;

    /// <summary>For the configuration key <c>dns:servers</c>.</summary>
    public string Address => EndPoint.ToString();

    public IReadOnlyCollection<DnsTestQuestion> Questions => _questions;

    /// <param name="zone">See <see cref="DnsZone"/>.</param>
    /// <param name="at">Where it is to be, for programs that know only port 53; a free port of 127.0.0.1 if it is not given.</param>
    public static DnsTestServer Start(string zone, IPEndPoint? at = null)
    {
        var parsed = DnsZone.Parse(zone);
        while (true)
        {
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(at ?? new IPEndPoint(IPAddress.Loopback, 0));
            var tcp = new TcpListener((IPEndPoint)udp.LocalEndPoint!);
            try
            {
                tcp.Start();
                return new DnsTestServer(udp, tcp, parsed);
            }
            catch (SocketException e) when (at is null && e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another program has this port for TCP: take another one.
                udp.Dispose();
            }
        }
    }

    /// <summary>From now on.</summary>
    public void Load(string zone) => _zone = DnsZone.Parse(zone);

    public int Asked(string name, string type) => _questions.Count(question => question.Name == name && question.Type == type);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Stop();
        await _running;
        _stop.Dispose();
    }

    private async Task ServeUdpAsync(CancellationToken stop)
    {
        var buffer = new byte[65_536];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var received = await _udp.ReceiveFromAsync(buffer, SocketFlags.None, anyone, stop);
                var query = buffer.AsSpan(0, received.ReceivedBytes).ToArray();
                var client = received.RemoteEndPoint;
                _ = Task.Run(async () =>
                {
                    try
                    {
                        if (await AnswerAsync(query, tcp: false, stop) is { } reply) await _udp.SendToAsync(reply, SocketFlags.None, client, stop);
                    }
                    catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
                }, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeTcpAsync(CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var client = await _tcp.AcceptTcpClientAsync(stop);
                _ = Task.Run(() => ServeTcpAsync(client, stop), CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
    }

    private async Task ServeTcpAsync(TcpClient client, CancellationToken stop)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            var length = new byte[2];
            while (true)
            {
                await stream.ReadExactlyAsync(length, stop);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query, stop);
                if (await AnswerAsync(query, tcp: true, stop) is not { } reply) continue;
                await stream.WriteAsync(DnsZone.Number((ushort)reply.Length).Concat(reply).ToArray(), stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException) { }
    }

    private async Task<byte[]?> AnswerAsync(byte[] query, bool tcp, CancellationToken stop)
    {
        var (name, type, end) = Question(query);
        // One OPT record may follow: root, 41, the size of datagrams, and the flags with DO.
        var hasOpt = query.Length >= end + 11;
        var room = tcp ? 65_535 : hasOpt ? Math.Max((ushort)512, BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(end + 3))) : 512;
        var dnssecOk = hasOpt && (query[end + 7] & 0x80) != 0;
        _questions.Enqueue(new DnsTestQuestion(name, type, tcp, dnssecOk));

        var wrong = _zone.Misbehaviour(name, type);
        switch (wrong?.Kind)
        {
            case "!SILENT":
                return null;
            case "!SERVFAIL":
                return Reply(query, end, flags: 2, [], []);
            case "!REFUSED":
                return Reply(query, end, flags: 5, [], []);
            case "!STRAY":
                var referral = Reply(query, end, flags: 0, [], []);
                referral[3] &= 0x7f; // no RA
                return referral;
            case "!GARBAGE":
                return [.. query.AsSpan(0, 2), 0x81, 0x80, 0, 1, 0xff, 0xff, 0, 0, 0, 0, .. Enumerable.Repeat((byte)0xc0, 200)];
            case "!TRUNCATE" when !tcp:
                return Reply(query, end, flags: 0x0200, [], []);
            case "!DELAY":
                await Task.Delay(wrong.Value.Milliseconds, stop);
                break;
            default:
                break;
        }

        var reply = FromZone(query, end, name, type, dnssecOk, wrong?.Kind);
        if (wrong?.Kind == "!WRONGID") reply[0] ^= 0x55;
        if (wrong?.Kind == "!WRONGQUESTION") reply[13] ^= 0x01;
        return reply.Length <= room ? reply : Reply(query, end, flags: 0x0200, [], []);
    }

    private byte[] FromZone(byte[] query, int end, string name, string type, bool dnssecOk, string? misbehaviour)
    {
        var answers = new List<DnsZoneRecord>();
        var secure = dnssecOk;
        IReadOnlyList<DnsZoneRecord>? here;
        while (true)
        {
            secure &= _zone.IsSecure(name);
            here = _zone.Find(name);
            var found = here?.Where(record => record.Type == type).ToList() ?? [];
            answers.AddRange(found);
            if (found.Count > 0 || here?.FirstOrDefault(record => record.Alias is not null) is not { } alias || answers.Count > MaxAliases) break;
            answers.Add(alias);
            if (misbehaviour == "!ALIASONLY") break;
            name = alias.Alias!;
        }
        var nothing = answers.LastOrDefault()?.Type != type;
        DnsZoneRecord[] authority = nothing && misbehaviour is not ("!NOSOA" or "!ALIASONLY") ? [Soa(name)] : [];
        return Reply(query, end, (ushort)((here is null ? 3 : 0) | (secure ? 0x20 : 0)), answers, authority);
    }

    private static DnsZoneRecord Soa(string name)
    {
        var zone = name.Contains('.', StringComparison.Ordinal) ? name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..] : name;
        var numbers = new byte[20];
        BinaryPrimitives.WriteUInt32BigEndian(numbers.AsSpan(16), NegativeTtl);
        return new DnsZoneRecord(zone, "SOA", 3600, [.. DnsZone.WireName("ns." + zone), .. DnsZone.WireName("hostmaster." + zone), .. numbers], null);
    }

    private static byte[] Reply(byte[] query, int end, ushort flags, IReadOnlyList<DnsZoneRecord> answers, IReadOnlyList<DnsZoneRecord> authority)
    {
        // QR, RD and RA, with what the caller adds.
        flags |= 0x8180;
        var reply = new List<byte>(query.AsSpan(0, 2).ToArray());
        reply.AddRange(DnsZone.Number(flags));
        reply.AddRange(DnsZone.Number(1));
        reply.AddRange(DnsZone.Number((ushort)answers.Count));
        reply.AddRange(DnsZone.Number((ushort)authority.Count));
        reply.AddRange(DnsZone.Number(0));
        reply.AddRange(query.AsSpan(12, end - 12));
        foreach (var record in answers.Concat(authority))
        {
            reply.AddRange(DnsZone.WireName(record.Name));
            reply.AddRange(DnsZone.Number(record.Number));
            reply.AddRange(DnsZone.Number(1));
            reply.AddRange(DnsZone.Number((ushort)(record.TimeToLive >> 16)));
            reply.AddRange(DnsZone.Number((ushort)record.TimeToLive));
            reply.AddRange(DnsZone.Number((ushort)record.Data.Length));
            reply.AddRange(record.Data);
        }
        return [.. reply];
    }

    private static (string Name, string Type, int End) Question(byte[] query)
    {
        var labels = new List<string>();
        var at = 12;
        while (query[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
            at += query[at] + 1;
        }
        return (string.Join('.', labels).ToLowerInvariant(), DnsZoneRecord.TypeName(BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1))), at + 5);
    }
}
