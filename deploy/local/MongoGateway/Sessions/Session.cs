namespace Merpati.Local.MongoGateway.Sessions;

/// <summary>The transactions of one logical session, one after the other. Everything but <see cref="LastUsed"/> is guarded by <see cref="Turn"/>.</summary>
internal sealed class Session(Guid id)
{
    public Guid Id { get; } = id;

    public SemaphoreSlim Turn { get; } = new(1, 1);

    public DateTimeOffset LastUsed { get; set; }

    /// <summary>The highest transaction number seen.</summary>
    public long Number { get; set; } = -1;

    /// <summary>The transaction of that number, while it is in progress.</summary>
    public Transaction? Open { get; set; }

    /// <summary>How the transaction of that number ended, as far as this gateway knows.</summary>
    public Outcome Outcome { get; set; }

    /// <summary>Rolls back what is open.</summary>
    public async ValueTask AbortAsync()
    {
        if (Open is not { } open) return;
        Open = null;
        Outcome = Outcome.Aborted;
        await open.DisposeAsync();
    }
}

internal enum Outcome
{
    /// <summary>Never seen here, or its commit broke off: the commit record knows.</summary>
    Unknown,
    Committed,
    Aborted,
}
