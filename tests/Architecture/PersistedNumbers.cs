using Merpati.Accounts;
using Merpati.Envelopes;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.Timeline;

namespace Merpati.Tests.Architecture;

/// <summary>
/// Numbers and names that lie in the stores of people's installations, or that they script against. A change here loses mail: add, never renumber.
/// </summary>
public sealed class PersistedNumbers
{
    [Fact]
    public void Enumerations_in_the_stores_keep_their_numbers()
    {
        Assert.Equal("Queued=0 Held=1 Delivered=2 Relayed=3 Bounced=4 Quarantined=5 Discarded=6", Of<RecipientState>());
        Assert.Equal("Local=0 Relay=1", Of<QueueRoute>());
        Assert.Equal("None=0 Seen=1 Answered=2 Flagged=4 Deleted=8 Draft=16", Of<SystemFlags>());
        Assert.Equal("None=0 Archive=1 Drafts=2 Junk=3 Sent=4 Trash=5 Flagged=6 All=7 Important=8", Of<SpecialUse>());
        Assert.Equal("SevenBit=0 EightBitMime=1 BinaryMime=2", Of<BodyType>());
        Assert.Equal("Unspecified=0 Full=1 Headers=2", Of<DsnReturn>());
        Assert.Equal("Unspecified=0 Never=1 Success=2 Failure=4 Delay=8", Of<DsnNotify>());
        Assert.Equal(
            "Accepted=1 Queued=2 Leased=3 Deferred=4 Delivered=5 Relayed=6 Bounced=7 Held=8 Released=9 Quarantined=10 Discarded=11 Expanded=12 Reported=13 Announced=14 FirstFetched=15 Refused=16 Attempted=17",
            Of<TimelineStep>());
        Assert.Equal("Submission=0 Imap=1 Pop3=2 Admin=3", Of<LoginProtocol>());
    }

    [Fact]
    public void Ids_are_32_hex_digits()
    {
        var value = Guid.Parse("0193e0a0-1111-7222-8333-444455556666");
        Assert.Equal("0193e0a01111722283334444555566" + "66", new Queueing.QueueId(value).ToString());
        Assert.Equal(new Queueing.QueueId(value), Queueing.QueueId.FromTraceId(new Queueing.QueueId(value).ToTraceId()));
        Assert.Equal(32, new AccountId(value).ToString().Length);
    }

    private static string Of<T>()
        where T : struct, Enum
        => string.Join(' ', Enum.GetValues<T>().Select(value => $"{value}={Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)}"));
}
