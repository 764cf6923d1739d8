using Merpati.Relaying;
using Merpati.TestKit.Accounts;

namespace Merpati.Tests.Contracts.Suppressions;

public sealed class InMemorySuppressionListTests : SuppressionListContract
{
    protected override Task<ISuppressionList> StartAsync() => Task.FromResult<ISuppressionList>(new InMemorySuppressionList(Time));

    protected override Task StopAsync() => Task.CompletedTask;
}
