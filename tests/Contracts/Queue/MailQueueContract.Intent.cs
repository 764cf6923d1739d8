using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Contracts.Queue;

/// <summary>What is written down before the end of a message is sent.</summary>
public abstract partial class MailQueueContract
{
    [Fact]
    public async Task An_intent_is_found_by_the_next_attempt_if_this_one_does_not_live_to_tell()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        (await Queue.IntendAsync(lease, [EmailAddress.Parse("b@x.test")], "mx.x.test", default)).Should().BeTrue();
        var recipients = (await Queue.FindAsync(entry.Id, default))!.Recipients;
        recipients[0].Intent.Should().BeNull();
        recipients[1].Intent.Should().Be(new RelayIntent("mx.x.test", Now));
    }

    [Fact]
    public async Task A_result_clears_the_intent_unless_the_outcome_is_not_known()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test", "b@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        await Queue.IntendAsync(lease, [EmailAddress.Parse("a@x.test"), EmailAddress.Parse("b@x.test")], "mx.x.test", default);
        var results = new[] { new RecipientResult(EmailAddress.Parse("a@x.test"), RecipientState.Queued, "450"), new RecipientResult(EmailAddress.Parse("b@x.test"), RecipientState.Queued, "450") { IntentStays = true } };
        await Queue.CompleteAsync(lease, results, Now, [], default);
        var recipients = (await Queue.FindAsync(entry.Id, default))!.Recipients;
        recipients[0].Intent.Should().BeNull();
        recipients[1].Intent!.Host.Should().Be("mx.x.test");
    }

    [Fact]
    public async Task Without_the_lease_there_is_no_intent()
    {
        var entry = await EnqueueAsync(Entry(["a@x.test"]));
        var lease = (await LeaseAsync(1)).Single();
        await Queue.CompleteAsync(lease, [], Now, [], default);
        (await Queue.IntendAsync(lease, [EmailAddress.Parse("a@x.test")], "mx.x.test", default)).Should().BeFalse();
        (await Queue.FindAsync(entry.Id, default))!.Recipients[0].Intent.Should().BeNull();
    }
}
