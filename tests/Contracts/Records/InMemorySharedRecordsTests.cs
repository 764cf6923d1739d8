using Merpati.Storage;
using Merpati.TestKit.Stores;

namespace Merpati.Tests.Contracts.Records;

public sealed class InMemorySharedRecordsTests : SharedRecordsContract
{
    protected override Task<ISharedRecords> StartAsync() => Task.FromResult<ISharedRecords>(new InMemorySharedRecords(Time));

    protected override Task StopAsync() => Task.CompletedTask;
}
