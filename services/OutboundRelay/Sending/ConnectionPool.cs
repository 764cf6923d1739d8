using System.Globalization;
using Merpati.OutboundRelay.Queue;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.OutboundRelay.Sending;

/// <summary>An open session, and what is known of it.</summary>
internal sealed class PooledSession(string key, DialOutcome.Connected connected, DateTimeOffset openedAt)
{
    public string Key => key;

    public SmtpClientConnection Connection => connected.Connection;

    public DialOutcome.Connected Opened => connected;

    public DateTimeOffset OpenedAt => openedAt;

    /// <summary>Messages that it carried.</summary>
    public int Messages { get; set; }

    public DateTimeOffset IdleSince { get; set; }

    /// <summary>How it is protected, for people: <c>TLSv1.3, verified</c> or <c>no TLS</c>.</summary>
    public string Protection => Connection.Transport.Tls is not { } tls ? "no TLS" : Opened.Session.Tls is { Verified: true } ? $"{tls.Protocol}, verified" : tls.Protocol;
}

/// <summary>
/// Connections that are open and wait a short while for the next message: by address and by what they had to prove, so that a message never goes over one that proved less than it needs.
/// </summary>
internal sealed class ConnectionPool(IOptions<OutboundRelayOptions> options, RelayMetrics metrics, TimeProvider time, ILogger<ConnectionPool> logger) : BackgroundService
{
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(5);

    private readonly PoolOptions _options = options.Value.Pool;
    private readonly Lock _turn = new();
    private readonly Dictionary<string, Stack<PooledSession>> _idle = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>The one used last, if there is one that is still good.</summary>
    public PooledSession? Take(DialTarget target)
    {
        var key = KeyOf(target);
        while (true)
        {
            PooledSession session;
            lock (_turn)
            {
                if (!_idle.TryGetValue(key, out var stack)) return null;
                session = stack.Pop();
                if (stack.Count == 0) _idle.Remove(key);
                _count--;
            }
            if (session.Connection.IsUsable && IsYoung(session)) return session;
            _ = CloseAsync(session);
        }
    }

    public static PooledSession Opened(DialTarget target, DialOutcome.Connected connected, DateTimeOffset now) => new(KeyOf(target), connected, now);

    /// <summary>Whoever is done with a session gives it back, in whatever state it is.</summary>
    public void GiveBack(PooledSession session)
    {
        var keep = false;
        if (session.Connection.IsUsable && IsYoung(session) && _options.IdleTimeout > TimeSpan.Zero)
        {
            lock (_turn)
            {
                if (_count < _options.MaxIdle)
                {
                    session.IdleSince = time.GetUtcNow();
                    if (!_idle.TryGetValue(session.Key, out var stack)) _idle[session.Key] = stack = new Stack<PooledSession>();
                    stack.Push(session);
                    _count++;
                    keep = true;
                }
            }
        }
        if (!keep) _ = CloseAsync(session);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var interval = TimeSpan.FromTicks(Math.Clamp(_options.IdleTimeout.Ticks / 4, TimeSpan.FromMilliseconds(100).Ticks, TimeSpan.FromSeconds(30).Ticks));
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await CloseAllAsync(session => time.GetUtcNow() - session.IdleSince >= _options.IdleTimeout || !IsYoung(session));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
        await CloseAllAsync(_ => true);
    }

    private bool IsYoung(PooledSession session) => session.Messages < _options.MaxMessages && time.GetUtcNow() - session.OpenedAt < _options.MaxAge;

    private async Task CloseAllAsync(Func<PooledSession, bool> which)
    {
        var closed = new List<PooledSession>();
        lock (_turn)
        {
            foreach (var (key, stack) in _idle.ToList())
            {
                var stay = stack.Reverse().Where(session => !which(session)).ToList();
                closed.AddRange(stack.Where(which));
                if (stay.Count == 0) _idle.Remove(key);
                else _idle[key] = new Stack<PooledSession>(stay);
            }
            _count = _idle.Values.Sum(stack => stack.Count);
        }
        await Task.WhenAll(closed.Select(CloseAsync));
    }

    private async Task CloseAsync(PooledSession session)
    {
        metrics.ConnectionClosed();
        try
        {
            using var timeout = new CancellationTokenSource(GoodbyeTime, time);
            await session.Connection.QuitAsync(timeout.Token);
        }
        catch (Exception exception) { logger.GoodbyeFailed(exception.Message); }
    }

    private static string KeyOf(DialTarget target)
        => string.Create(CultureInfo.InvariantCulture, $"{target.EndPoint} {target.ImplicitTls} {target.Lmtp} {target.Credential} {Describe(target.Tls, target.HostName)} tested:{(target.TestedTls is { } tested ? Describe(tested, target.HostName) : "")}");

    private static string Describe(TlsPolicy policy, string hostName) => policy switch
    {
        TlsPolicy.Verified verified => "verified:" + string.Join(',', verified.Names),
        TlsPolicy.Dane dane => $"dane:{string.Join(',', dane.Names)}:{string.Join(',', dane.Records)}",
        TlsPolicy.Encrypt => "encrypt:" + hostName,
        TlsPolicy.None => "none",
        _ => "may:" + hostName,
    };
}
