namespace Merpati.Local.Cluster;

/// <summary>What a cluster on this machine consists of and rests on.</summary>
public sealed record ClusterSettings
{
    /// <summary>Configurations, certificates and logs; made when it is not there.</summary>
    public required string Folder { get; init; }

    public required string MongoDb { get; init; }

    public string Database { get; init; } = "merpati";

    public required string RabbitMq { get; init; }

    /// <summary>Names on the broker begin with it.</summary>
    public string BusPrefix { get; init; } = "merpati";

    /// <summary>The first of the ports; each instance takes <see cref="ServicePorts.Most"/>.</summary>
    public required int FirstPort { get; init; }

    /// <summary>How many of each service; one where it is not said.</summary>
    public IReadOnlyDictionary<ServiceKind, int> Instances { get; init; } = new Dictionary<ServiceKind, int>();

    /// <summary>Keys of the configuration for all instances of a service, besides those that the cluster sets: <c>delivery:leaseDuration</c>.</summary>
    public IReadOnlyDictionary<ServiceKind, IReadOnlyDictionary<string, string>> Keys { get; init; } = new Dictionary<ServiceKind, IReadOnlyDictionary<string, string>>();

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Passwords are taken without TLS. For tests.</summary>
    public bool AllowPlaintextAuth { get; init; }

    public int CountOf(ServiceKind kind) => Instances.GetValueOrDefault(kind, 1);

    /// <summary>Each instance with its ports, in the order of the kinds.</summary>
    public IEnumerable<(ServiceKind Kind, int Number, ServicePorts Ports)> Layout()
    {
        var first = FirstPort;
        foreach (var kind in Enum.GetValues<ServiceKind>())
        {
            for (var number = 1; number <= CountOf(kind); number++, first += ServicePorts.Most) yield return (kind, number, ServicePorts.From(kind, first));
        }
    }

    /// <summary>How many ports it takes in all.</summary>
    public int Ports => Enum.GetValues<ServiceKind>().Sum(CountOf) * ServicePorts.Most;
}
