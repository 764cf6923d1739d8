using AwesomeAssertions;
using Xunit;

namespace Merpati.Tests.Integration.Bus;

public sealed class DirectoryChangeTests
{
    [Fact]
    public async Task A_change_reaches_every_process()
    {
        var prefix = BusProcess.NewPrefix();
        await using var first = await BusProcess.StartAsync(prefix);
        await using var second = await BusProcess.StartAsync(prefix);
        await using var third = await BusProcess.StartAsync(prefix);
        var (heardBySecond, heardByThird) = (0, 0);
        using var secondListens = second.Directory.Subscribe(() => Interlocked.Increment(ref heardBySecond));
        using var thirdListens = third.Directory.Subscribe(() => Interlocked.Increment(ref heardByThird));
        // Each is told when it is connected.
        await Eventually.BeAsync(() => Volatile.Read(ref heardBySecond) > 0 && Volatile.Read(ref heardByThird) > 0, "all are connected");
        var before = (second.Received("DirectoryChanged"), third.Received("DirectoryChanged"));
        first.Directory.Announce();
        await Eventually.BeAsync(() => second.Received("DirectoryChanged") > before.Item1 && third.Received("DirectoryChanged") > before.Item2, "both heard of the change");
    }

    [Fact]
    public async Task The_process_itself_knows_before_the_announcement_returns()
    {
        await using var process = await BusProcess.StartAsync(BusProcess.NewPrefix(), "amqp://guest:guest@127.0.0.1:1/");
        var heard = 0;
        using var listens = process.Directory.Subscribe(() => heard++);
        process.Directory.Announce();
        heard.Should().Be(1);
    }
}
