using Merpati.Storage;

namespace Merpati.QueueWork;

/// <summary>The lease of a running attempt; it grows older with the work and is renewed from outside.</summary>
public sealed class LeaseHolder(QueueLease lease)
{
    private QueueLease _current = lease;

    public QueueLease Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
