using AwesomeAssertions;
using Merpati.Mailboxes;
using Merpati.Storage.Sqlite;
using Xunit;

namespace Merpati.Tests.Unit.Storage.Sqlite;

public sealed class PackedStatesTests
{
    private const long Far = 1 << 22;

    [Fact]
    public void States_come_back_as_they_went_in()
    {
        var packer = new PackedStates.Packer(new ModSeq(900), 2);
        packer.Set(0, new ModSeq(1), SystemFlags.None, null);
        packer.Set(1, new ModSeq(900), SystemFlags.Seen | SystemFlags.Draft, null);
        packer.Set(2, new ModSeq(42), SystemFlags.Seen, "$Junk a");
        var states = packer.Complete(3)!;
        states[0].Should().Be((new ModSeq(1), MessageFlags.None));
        states[1].Should().Be((new ModSeq(900), new MessageFlags(SystemFlags.Seen | SystemFlags.Draft, [])));
        states[2].Should().Be((new ModSeq(42), new MessageFlags(SystemFlags.Seen, ["$Junk", "a"])));
    }

    [Fact]
    public void What_is_known_goes_on_without_those_that_are_gone_and_with_those_that_came()
    {
        var packer = new PackedStates.Packer(new ModSeq(10), 3);
        for (var i = 0; i < 3; i++) packer.Set(i, new ModSeq(i + 1), SystemFlags.None, $"k{i}");
        var next = PackedStates.Packer.From(packer.Complete(3)!, Uids(1, 2, 3), Uids(1, 3, 4));
        next.Set(1, new ModSeq(11), SystemFlags.Flagged, "k0");
        next.Set(2, new ModSeq(12), SystemFlags.None, null);
        var states = next.Complete(3)!;
        states[0].Should().Be((new ModSeq(1), new MessageFlags(SystemFlags.None, ["k0"])));
        states[1].Should().Be((new ModSeq(11), new MessageFlags(SystemFlags.Flagged, ["k0"])));
        states[2].Should().Be((new ModSeq(12), MessageFlags.None));
    }

    [Fact]
    public void Changes_too_far_apart_do_not_fit_and_there_is_room_for_those_to_come()
    {
        var packer = new PackedStates.Packer(new ModSeq(10 * Far), 2);
        packer.Set(0, new ModSeq(10 * Far), SystemFlags.None, null);
        packer.Set(1, new ModSeq(10 * Far + Far / 2 - 1), SystemFlags.None, null);
        packer.Complete(2)![1].ModSeq.Value.Should().Be(10 * Far + Far / 2 - 1);
        packer.Set(1, new ModSeq(10 * Far - Far), SystemFlags.None, null);
        packer.Complete(2).Should().BeNull();
    }

    [Fact]
    public void More_sets_of_flags_than_there_are_numbers_do_not_fit()
    {
        var packer = new PackedStates.Packer(new ModSeq(1), 2000);
        for (var i = 0; i < 2000; i++) packer.Set(i, new ModSeq(1), SystemFlags.None, $"k{i}");
        packer.Complete(2000).Should().BeNull();
    }

    private static Uid[] Uids(params uint[] uids) => [.. uids.Select(uid => new Uid(uid))];
}
