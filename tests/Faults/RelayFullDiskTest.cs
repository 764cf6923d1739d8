using System.Diagnostics;
using Merpati.Storage;
using Merpati.TestKit.Dns;
using Merpati.TestKit.Smtp;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>The disk of the queue is full while mail leaves: what a server took is neither lost nor sent again, and with room everything goes on by itself.</summary>
public sealed class RelayFullDiskTest(ITestOutputHelper output)
{
    private const int Messages = 300;
    private const int Before = 100;

    // Longer than a lease.
    private static readonly TimeSpan WithoutRoom = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task On_a_full_disk_nothing_that_left_is_lost_or_sent_again()
    {
        await using var disk = await SmallDisk.MountAsync(megabytes: 32);
        await using var dns = DnsTestServer.Start(RelayLoad.Zone);
        var (taken, full) = (0, new TaskCompletionSource());
        // It is full from the moment at which a server has a message and has not said so.
        await using var remote = ScriptedSmtpServer.Start(command =>
        {
            if (command.Is(ScriptedSmtpServer.EndOfText) && Interlocked.Increment(ref taken) == Before) full.TrySetResult();
            return null;
        });
        using var backlog = new RelayBacklog(Path.Combine(disk.Path, "data"));
        await backlog.EnqueueAsync(RelayLoad.Recipients(Messages));
        await using (var relay = await backlog.StartAsync(remote.Port, dns.Address, new() { ["leaseDuration"] = "00:00:10", ["firstRetry"] = "00:00:02", ["longestRetry"] = "00:00:05" }))
        {
            await full.Task.WaitAsync(TimeSpan.FromMinutes(2));
            var without = Stopwatch.StartNew();
            while (without.Elapsed < WithoutRoom)
            {
                // Whatever room the store makes for itself is taken again.
                await disk.FillAsync();
                await Task.Delay(20);
            }
            output.WriteLine($"at the end of the time without room: {RelayLoad.ArrivedAt(remote, Messages)}");
            disk.Free();
            var patience = Stopwatch.StartNew();
            while (RelayLoad.ArrivedAt(remote, Messages).Lost > 0)
            {
                Assert.True(patience.Elapsed < TimeSpan.FromMinutes(8), $"{RelayLoad.ArrivedAt(remote, Messages)}:\n{relay.Log}");
                await Task.Delay(100);
            }
            await relay.StopAsync();
        }
        var arrived = RelayLoad.ArrivedAt(remote, Messages);
        var ledger = await backlog.LedgerAsync();
        output.WriteLine($"{arrived}; {ledger}");
        Assert.Equal(0, arrived.Lost);
        Assert.Equal(0, arrived.Doubled);
        Assert.Equal((0, Messages), (ledger.Unaccounted, ledger.Closed[RecipientState.Relayed]));
    }
}
