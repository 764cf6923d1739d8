using System.Collections.Concurrent;

namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>The sessions that have had a transaction.</summary>
internal sealed class SessionTable(GatewayOptions options)
{
    private readonly ConcurrentDictionary<Guid, Session> _sessions = new();

    /// <exception cref="CommandFailure">TooManyLogicalSessions</exception>
    public Session Get(Guid id)
    {
        if (!_sessions.TryGetValue(id, out var session))
        {
            if (_sessions.Count >= options.MaxSessions) throw new CommandFailure(MongoError.TooManyLogicalSessions, "There are too many sessions.");
            session = _sessions.GetOrAdd(id, static key => new Session(key));
        }
        session.LastUsed = options.Time.GetUtcNow();
        return session;
    }

    /// <summary>endSessions and killSessions: what a session has open is rolled back.</summary>
    public async ValueTask EndAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!_sessions.TryGetValue(id, out var session)) return;
        await session.Turn.WaitAsync(cancellationToken);
        try { await session.AbortAsync(); }
        finally { session.Turn.Release(); }
    }

    /// <summary>Rolls back transactions past their lifetime, forgets sessions past theirs. One that is just running a command has its turn next time.</summary>
    public async ValueTask SweepAsync()
    {
        var now = options.Time.GetUtcNow();
        foreach (var (id, session) in _sessions)
        {
            var expired = session.Open is { } open && now - open.Started > options.TransactionLifetime;
            var idle = now - session.LastUsed > options.SessionLifetime;
            if (!expired && !idle || !await session.Turn.WaitAsync(0, CancellationToken.None)) continue;
            try
            {
                await session.AbortAsync();
                if (idle) _sessions.TryRemove(id, out _);
            }
            finally
            {
                session.Turn.Release();
            }
        }
    }

    public async ValueTask AbortAllAsync()
    {
        foreach (var session in _sessions.Values) await session.AbortAsync();
    }
}
