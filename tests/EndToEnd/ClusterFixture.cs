using Merpati.Local.Cluster;
using Merpati.TestKit;
using Merpati.TestKit.Cluster;

namespace Merpati.Tests.EndToEnd;

/// <summary>The six services as processes, two of each that may be many; one cluster for all classes of the collection.</summary>
public sealed class ClusterFixture : MailServerFixture
{
    protected override async Task<IMailServer> StartAsync() => await ClusterServer.StartAsync(settings => settings with
    {
        Instances = new Dictionary<ServiceKind, int> { [ServiceKind.Delivery] = 2, [ServiceKind.UserDirectory] = 2 },
    });
}

[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
