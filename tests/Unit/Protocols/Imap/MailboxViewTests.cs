using AwesomeAssertions;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Imap;

public sealed class MailboxViewTests
{
    private static Uid[] Uids(params uint[] values) => [.. values.Select(value => new Uid(value))];

    private static MailboxView View(params uint[] uids) => new(Uids(uids), new ModSeq(10));

    private static MessageState State(uint uid, long modSeq) => new(new Uid(uid), new ModSeq(modSeq), MessageFlags.None);

    private static MailboxChanges Changes(long modSeq, MessageState[] changed, params uint[] expunged) => new(
        new MailboxInfo { Id = default, Name = MailboxName.Inbox, UidValidity = new UidValidity(1), UidNext = new Uid(1), HighestModSeq = new ModSeq(modSeq) },
        changed, UidSet.Of(Uids(expunged)));

    private static SequenceSet Set(string text)
    {
        var scanner = new CommandScanner(System.Text.Encoding.ASCII.GetBytes(text));
        var set = scanner.SequenceSet();
        scanner.Failed.Should().BeFalse();
        return set;
    }

    [Fact]
    public void Gaps_are_what_has_no_number()
    {
        var view = View(3, 5, 9);
        string Gaps(uint first, uint last) => UidSet.Of(view.Gaps(new UidRange(new Uid(first), new Uid(last)))).ToString();
        Gaps(1, 10).Should().Be("1:2,4,6:8,10");
        Gaps(3, 3).Should().BeEmpty();
        Gaps(4, 4).Should().Be("4");
        Gaps(5, 9).Should().Be("6:8");
        Gaps(uint.MaxValue, uint.MaxValue).Should().Be("4294967295");
    }

    [Fact]
    public void VANISHED_has_the_UIDs_of_what_had_been_told()
    {
        var view = View(1, 2, 3, 4);
        view.Apply(Changes(11, [State(5, 11)], 2, 3));
        view.Apply(Changes(12, [], 5));
        view.TakeVanished().ToString().Should().Be("2:3");
        view.TakeArrivals().Should().BeFalse();
        view.Count.Should().Be(2);
    }

    [Fact]
    public void Sets_intersect()
    {
        var one = UidSet.Of([new UidRange(new Uid(1), new Uid(5)), new UidRange(new Uid(8), new Uid(9)), new UidRange(new Uid(20), new Uid(30))]);
        var two = UidSet.Of([new UidRange(new Uid(4), new Uid(8)), new UidRange(new Uid(22), new Uid(22)), new UidRange(new Uid(25), new Uid(40))]);
        one.Intersect(two).ToString().Should().Be("4:5,8,22,25:30");
        two.Intersect(one).Should().Equal(one.Intersect(two));
        one.Intersect(UidSet.Empty).IsEmpty.Should().BeTrue();
        one.Members.Should().Be(18);
    }

    [Theory]
    [InlineData("1", "3", 1)]
    [InlineData("*", "9", 1)]
    [InlineData("2:3", "5:9", 2)]
    [InlineData("3:2", "5:9", 2)]
    [InlineData("1:*", "3:9", 3)]
    [InlineData("*:1", "3:9", 3)]
    [InlineData("1,3,1", "3,9", 2)]
    public void Numbers_become_UIDs(string set, string uids, int count)
    {
        var resolved = View(3, 5, 9).Resolve(Set(set), byUid: false);
        resolved!.Value.Uids.ToString().Should().Be(uids);
        resolved.Value.Count.Should().Be(count);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("1:4")]
    [InlineData("4:*")]
    public void Numbers_that_are_not_in_use_are_refused(string set) => View(3, 5, 9).Resolve(Set(set), byUid: false).Should().BeNull();

    [Theory]
    [InlineData("1")]
    [InlineData("*")]
    [InlineData("1:2")]
    [InlineData("1:*,2")]
    public void An_empty_mailbox_has_no_numbers(string set)
    {
        View().Resolve(Set(set), byUid: false).Should().BeNull();
        View().Resolve(Set(set), byUid: true)!.Value.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("1:*")]
    [InlineData("*:1")]
    public void All_of_an_empty_mailbox_is_nothing(string set)
    {
        View().Resolve(Set(set), byUid: false)!.Value.Count.Should().Be(0);
        View().Resolve(Set(set), byUid: true)!.Value.Count.Should().Be(0);
    }

    [Fact]
    public void What_came_and_went_before_it_was_told_of_goes_without_a_word()
    {
        var view = View(3, 5);
        view.Apply(Changes(11, [State(6, 11), State(7, 11)]));
        view.Apply(Changes(12, [], 5, 6));
        view.TakeExpunges().Should().Equal(2);
        view.TakeArrivals().Should().BeTrue();
        view.Uids.ToArray().Should().Equal(Uids(3, 7));

        view.Apply(Changes(13, [State(8, 13)]));
        view.Apply(Changes(14, [], 8));
        view.TakeExpunges().Should().BeEmpty();
        view.TakeArrivals().Should().BeFalse();
    }

    [Theory]
    [InlineData("5", 1)]
    [InlineData("4", 0)]
    [InlineData("1:4294967295", 3)]
    [InlineData("100:*", 1)]
    [InlineData("*", 1)]
    [InlineData("6:8", 0)]
    public void UIDs_that_are_not_there_are_passed_over(string set, int count) => View(3, 5, 9).Resolve(Set(set), byUid: true)!.Value.Count.Should().Be(count);

    [Fact]
    public void Numbers_stay_until_expunges_are_taken()
    {
        var view = View(1, 2, 3, 4, 5);
        view.Apply(Changes(11, [], 2, 3, 5));
        view.NumberOf(new Uid(4)).Should().Be(4);
        view.TakeExpunges().Should().Equal(2, 2, 3);
        view.NumberOf(new Uid(4)).Should().Be(2);
        view.TakeExpunges().Should().BeEmpty();
    }

    [Fact]
    public void The_array_of_the_snapshot_is_never_written()
    {
        var snapshot = Uids(1, 2, 3);
        var view = new MailboxView(snapshot, new ModSeq(1));
        view.Apply(Changes(2, [State(4, 2)], 1));
        view.TakeExpunges();
        snapshot.Should().Equal(Uids(1, 2, 3));
        view.Uids.ToArray().Should().Equal(Uids(2, 3, 4));
    }

    [Fact]
    public void What_the_client_was_told_is_no_news()
    {
        var view = View(1, 2);
        view.Told(State(1, 11));
        view.Apply(Changes(12, [State(1, 11), State(2, 12)]));
        view.TakeFlagChanges().Select(state => state.Uid.Value).Should().Equal(2u);
        // … but only once: another change of it is.
        view.Apply(Changes(13, [State(1, 13)]));
        view.TakeFlagChanges().Should().HaveCount(1);
    }

    [Fact]
    public void An_own_change_is_passed_over_only_if_it_is_the_next_one()
    {
        var view = View(1, 2);
        view.Made(new ModSeq(12));
        view.ModSeq.Should().Be(new ModSeq(10), "somebody else made 11");
        view.Made(new ModSeq(11));
        view.ModSeq.Should().Be(new ModSeq(11));
    }

    [Fact]
    public void Flags_of_what_is_gone_are_not_told()
    {
        var view = View(1, 2);
        view.Apply(Changes(12, [State(1, 11)], 1));
        view.TakeFlagChanges().Should().BeEmpty();
    }

    [Fact]
    public void Recent_is_what_this_session_claimed()
    {
        var view = View(1, 2, 3);
        view.ClaimRecent(new Uid(3));
        view.RecentCount.Should().Be(1);
        view.Apply(Changes(11, [State(4, 11), State(5, 11)]));
        // another session claimed 4
        view.ClaimRecent(new Uid(5));
        (view.IsRecent(new Uid(3)), view.IsRecent(new Uid(4)), view.IsRecent(new Uid(5))).Should().Be((true, false, true));
        view.RecentCount.Should().Be(2);
        view.Apply(Changes(12, [], 3));
        view.TakeExpunges();
        view.RecentCount.Should().Be(1);
        view.ClaimRecent(new Uid(6));
        view.RecentCount.Should().Be(1);
    }

    [Property]
    public void Sets_are_split_without_loss(byte[] gaps, byte size)
    {
        var uid = 0u;
        var view = new MailboxView([.. gaps.Select(gap => new Uid(uid += gap + 1u))], new ModSeq(1));
        var all = view.Uids.ToArray();
        var sizes = view.Split(UidSet.All, size + 1).Select(part => all.Count(part.Contains)).ToList();
        sizes.Sum().Should().Be(gaps.Length);
        if (sizes.Count > 0) sizes.SkipLast(1).Should().AllBeEquivalentTo(size + 1);
        if (all.Length > 0) all.Should().OnlyContain(member => view.Split(UidSet.All, size + 1).Any(part => part.Contains(member)));
    }

    /// <summary>A step of the store, or of the session that looks at it.</summary>
    public enum Step { Arrive, Expunge, Flag, Look, AnnounceChanges, AnnounceAll }

    /// <summary>
    /// The client keeps its own list by what it is told, as the RFC tells it to. Whatever happens in whatever order, its numbers mean the
    /// messages that the view thinks they mean, and after a full announcement it has exactly the messages of the store.
    /// </summary>
    [Property(MaxTest = 500)]
    public void The_client_is_never_misled(Step[] steps, byte[] choices)
    {
        var store = new SortedDictionary<uint, long> { [1] = 1, [2] = 1, [3] = 1 };
        var expunged = new List<(uint Uid, long ModSeq)>();
        var modSeq = 1L;
        var next = 4u;
        var view = new MailboxView(Uids(1, 2, 3), new ModSeq(1));
        var client = new List<uint> { 1, 2, 3 };
        var choice = 0;
        int Choose(int count) => choices.Length == 0 ? 0 : choices[choice++ % choices.Length] % count;

        foreach (var step in steps.Append(Step.Look).Append(Step.AnnounceAll))
        {
            switch (step)
            {
                case Step.Arrive:
                    store[next++] = ++modSeq;
                    break;
                case Step.Expunge when store.Count > 0:
                    var gone = store.Keys.ElementAt(Choose(store.Count));
                    store.Remove(gone);
                    expunged.Add((gone, ++modSeq));
                    break;
                case Step.Flag when store.Count > 0:
                    store[store.Keys.ElementAt(Choose(store.Count))] = ++modSeq;
                    break;
                case Step.Look:
                    var since = view.ModSeq.Value;
                    view.Apply(Changes(modSeq, [.. store.Where(pair => pair.Value > since).Select(pair => State(pair.Key, pair.Value))],
                        [.. expunged.Where(e => e.ModSeq > since).Select(e => e.Uid).Order()]));
                    break;
                case Step.AnnounceAll:
                    foreach (var number in view.TakeExpunges()) client.RemoveAt(number - 1);
                    goto case Step.AnnounceChanges;
                case Step.AnnounceChanges:
                    if (view.TakeArrivals()) client.AddRange(view.Uids.ToArray()[client.Count..].Select(uid => uid.Value));
                    foreach (var state in view.TakeFlagChanges()) client[view.NumberOf(state.Uid) - 1].Should().Be(state.Uid.Value);
                    break;
            }
            // What arrived has a number here before the client hears of it, above all that it knows.
            client.Should().Equal(view.Uids.ToArray().Take(client.Count).Select(uid => uid.Value));
        }
        client.Should().Equal(store.Keys);
    }
}
