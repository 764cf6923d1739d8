namespace Merpati.QueueWork;

/// <summary>How a <see cref="QueueWorker"/> works.</summary>
public sealed record QueueWorkerSettings
{
    /// <summary>Entries worked on at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Entries leased in one go.</summary>
    public required int LeaseBatch { get; init; }

    /// <summary>Under load, how long a batch gathers before it is leased.</summary>
    public required TimeSpan GatherTime { get; init; }

    /// <summary>How long a worker that died keeps its entries.</summary>
    public required TimeSpan LeaseDuration { get; init; }

    /// <summary>The queue is looked at this often even if the bell is silent.</summary>
    public required TimeSpan SweepInterval { get; init; }

    /// <summary>What runs at shutdown may take this long.</summary>
    public required TimeSpan ShutdownGrace { get; init; }

    /// <summary>Attempts that may leave their place to others while they wait (<see cref="QueueWorker.Park"/>).</summary>
    public int Parking { get; init; }
}
