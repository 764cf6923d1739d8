namespace Merpati.Tests.Faults.Cluster;

/// <summary>One cluster at a time: a broker that has to share two processors with six clusters does not come back within any patience.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterFaults
{
    public const string Name = "faults of a cluster";
}
