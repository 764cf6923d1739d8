using System.Diagnostics;
using System.Diagnostics.Metrics;

using AwesomeAssertions;
using Grpc.Core;
using Grpc.Net.Client;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Merpati.Rpc;
using Merpati.Storage;
using Merpati.Tests.Contracts.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Wire = Merpati.Mailboxes.V1;

namespace Merpati.Tests.Integration.Rpc;

/// <summary>What becomes of calls when the other side does not answer, answers late, or is gone.</summary>
public sealed class TroubleTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_question_that_is_not_answered_ends_at_its_deadline()
    {
        var directory = new SlowDirectory();
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IDirectory>(directory), endpoints => endpoints.MapDirectory());
        await using var client = new RpcClientUnderTest(server.Address, services => services.AddDirectoryClient(), new Dictionary<string, string?> { ["LookupTimeout"] = "00:00:00.5" });

        await FluentActions.Awaiting(() => client.Get<IDirectory>().IsLocalDomainAsync("example.test", default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        await directory.GivenUp.Task.WaitAsync(Soon); // the server stops working for nobody
    }

    [Fact]
    public async Task A_body_that_stops_coming_ends_at_the_idle_time()
    {
        var mailboxes = new StreamingMailboxes { Stalls = true };
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes), endpoints => endpoints.MapMailboxes());
        await using var client = new RpcClientUnderTest(server.Address, services => services.AddMailboxesClient(), new Dictionary<string, string?> { ["IdleTimeout"] = "00:00:00.5" });
        await using var stream = await client.Get<IMailboxes>().OpenAsync(default, StreamingMailboxes.Message, 0, StreamingMailboxes.Message.Size, default);

        await FluentActions.Awaiting(() => stream.CopyToAsync(Stream.Null)).Should().ThrowAsync<StoreUnavailableException>();
    }

    [Fact]
    public async Task A_server_that_dies_in_the_middle_of_a_body_is_a_fault_and_no_end()
    {
        await using var relay = new TcpRelay();
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(new StreamingMailboxes()), endpoints => endpoints.MapMailboxes());
        relay.To(server.Port);
        await using var client = new RpcClientUnderTest(relay.Address, services => services.AddMailboxesClient());
        await using var stream = await client.Get<IMailboxes>().OpenAsync(default, StreamingMailboxes.Message, 0, StreamingMailboxes.Message.Size, default);
        await stream.ReadExactlyAsync(new byte[100_000]);

        relay.Cut();
        await FluentActions.Awaiting(() => stream.CopyToAsync(Stream.Null)).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task A_question_is_asked_again_when_the_connection_breaks()
    {
        await using var relay = new TcpRelay();
        var mailboxes = new CountingMailboxes { OnCall = relay.Cut };
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes), endpoints => endpoints.MapMailboxes());
        relay.To(server.Port);
        await using var client = new RpcClientUnderTest(relay.Address, services => services.AddMailboxesClient());

        (await client.Get<IMailboxes>().FindAsync(default, MailboxName.Inbox, default)).Should().BeNull();
        mailboxes.Calls.Should().Be(2, "the answer to the first was lost");
    }

    [Fact]
    public async Task A_change_is_made_once_when_its_answer_is_lost()
    {
        await using var relay = new TcpRelay();
        var mailboxes = new CountingMailboxes { OnCall = relay.Cut };
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes), endpoints => endpoints.MapMailboxes());
        relay.To(server.Port);
        await using var client = new RpcClientUnderTest(relay.Address, services => services.AddMailboxesClient());
        var far = client.Get<IMailboxes>();

        await FluentActions.Awaiting(() => far.DeleteAsync(default, MailboxName.Parse("a"), default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        mailboxes.Calls.Should().Be(1);
        mailboxes.OnCall = relay.Cut;
        await FluentActions.Awaiting(() => far.AppendAsync(default, default, MessageFlags.None, null, 10, new MemoryStream(new byte[10]), default).AsTask()).Should().ThrowAsync<StoreUnavailableException>();
        mailboxes.Calls.Should().Be(2, "an append that may have been done is not done again");
    }

    [Fact]
    public async Task Changes_wait_a_little_for_a_server_that_is_not_there_yet()
    {
        await using var relay = new TcpRelay();
        await relay.RefuseAsync();
        var mailboxes = new CountingMailboxes();
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes), endpoints => endpoints.MapMailboxes());
        await using var client = new RpcClientUnderTest(relay.Address, services => services.AddMailboxesClient());
        var tried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new MeterListener { InstrumentPublished = (instrument, meters) => { if (instrument.Name == "merpati.rpc.client.retries") meters.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => { if (tags.ToArray().Any(tag => tag.Value is "Delete")) tried.TrySetResult(); });
        listener.Start();
        var delete = client.Get<IMailboxes>().DeleteAsync(default, MailboxName.Parse("a"), default).AsTask();
        var append = client.Get<IMailboxes>().AppendAsync(default, default, MessageFlags.None, null, 10, new MemoryStream(new byte[10]), default).AsTask();
        await tried.Task.WaitAsync(Soon);

        relay.Accept(server.Port);
        (await delete.WaitAsync(Soon)).Should().Be(MailboxOutcome.Done);
        (await append.WaitAsync(Soon)).Should().BeOfType<AppendOutcome.OverQuota>();
        mailboxes.Calls.Should().Be(2);
    }

    [Fact]
    public async Task Calls_go_round_the_servers_and_around_one_that_is_gone()
    {
        CountingMailboxes[] mailboxes = [new(), new()];
        await using var first = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes[0]), endpoints => endpoints.MapMailboxes());
        await using var second = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes[1]), endpoints => endpoints.MapMailboxes());
        await using var client = new RpcClientUnderTest($"{first.Address}, {second.Address}", services => services.AddMailboxesClient());
        var far = client.Get<IMailboxes>();
        var limit = Stopwatch.StartNew();
        while (mailboxes.Any(box => box.Calls == 0))
        {
            await far.FindAsync(default, MailboxName.Inbox, default);
            limit.Elapsed.Should().BeLessThan(Soon);
        }

        await first.StopAsync();
        var before = mailboxes[1].Calls;
        for (var i = 0; i < 50; i++) await far.FindAsync(default, MailboxName.Inbox, default);
        (mailboxes[1].Calls - before).Should().BeGreaterThanOrEqualTo(50);
    }

    [Fact]
    public async Task What_nobody_should_send_is_an_invalid_argument_and_tells_nothing_of_us()
    {
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(new BuggyMailboxes()), endpoints => endpoints.MapMailboxes());
        using var channel = GrpcChannel.ForAddress($"http://{server.Address}");
        var raw = new Wire.MailboxesService.MailboxesServiceClient(channel);
        var account = Google.Protobuf.ByteString.CopyFrom(new byte[16]);

        (await RefusalAsync(() => raw.GetMailboxAsync(new Wire.GetMailboxRequest { AccountId = Google.Protobuf.ByteString.CopyFromUtf8("short") }).ResponseAsync)).StatusCode.Should().Be(StatusCode.InvalidArgument);
        (await RefusalAsync(() => raw.FindMailboxAsync(new Wire.FindMailboxRequest { AccountId = account, Name = "a//b" }).ResponseAsync)).StatusCode.Should().Be(StatusCode.InvalidArgument);
        (await RefusalAsync(() => raw.Search(new Wire.SearchRequest { AccountId = account, MailboxId = account }).ResponseStream.MoveNext(default))).StatusCode.Should().Be(StatusCode.InvalidArgument);
        var bug = await RefusalAsync(() => raw.GetQuotaAsync(new Wire.GetQuotaRequest { AccountId = account }).ResponseAsync);
        bug.StatusCode.Should().Be(StatusCode.Internal);
        (bug.Status.Detail + string.Concat(bug.Trailers.Select(trailer => trailer.Value))).Should().NotContain("secret").And.NotContain(" at ");
    }

    [Fact]
    public async Task The_trace_goes_with_the_call()
    {
        var seen = new TaskCompletionSource<ActivityTraceId?>();
        var mailboxes = new CountingMailboxes { OnCall = () => seen.TrySetResult(Activity.Current?.TraceId) };
        await using var server = await RpcServerUnderTest.StartAsync(services => services.AddSingleton<IMailboxes>(mailboxes), endpoints => endpoints.MapMailboxes());
        await using var client = new RpcClientUnderTest(server.Address, services => services.AddMailboxesClient());
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name.StartsWith("Merpati.", StringComparison.Ordinal) || source.Name == "Microsoft.AspNetCore", Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("Merpati.Tests");
        using var activity = source.StartActivity("FETCH")!;

        await client.Get<IMailboxes>().FindAsync(default, MailboxName.Inbox, default);
        (await seen.Task.WaitAsync(Soon)).Should().Be(activity.TraceId);
    }

    private static async Task<RpcException> RefusalAsync(Func<Task> call) => await Assert.ThrowsAsync<RpcException>(call);

    private sealed class SlowDirectory : DirectoryStub
    {
        public TaskCompletionSource GivenUp { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken)
        {
            try { await Task.Delay(Timeout.Infinite, cancellationToken); }
            finally { GivenUp.TrySetResult(); }
            return true;
        }
    }
}
