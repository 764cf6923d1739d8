using Merpati.Storage;

namespace Merpati.QueueWork;

/// <summary>The lease of a running attempt; it grows older with the work and is renewed from outside.</summary>
public sealed class LeaseHolder(QueueLease lease, SemaphoreSlim place)
{
    private QueueLease _current = lease;

    /// <summary>An attempt that runs in no worker.</summary>
    public LeaseHolder(QueueLease lease)
        : this(lease, new SemaphoreSlim(0)) { }

    public QueueLease Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }

    /// <summary>Where its place is given back to.</summary>
    internal SemaphoreSlim Place { get; set; } = place;
}
