using AwesomeAssertions;
using Merpati.Mail;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Sorting;

/// <summary>THREAD=REFERENCES (RFC 5256 §3), step by step. A conversation is written as the numbers with their depth as dots, a missing parent as ?.</summary>
public sealed class MessageThreadsTests
{
    private readonly List<MessageInfo> _messages = [];

    [Fact]
    public void References_go_before_In_Reply_To()
    {
        Add("a");
        Add("b");
        Add("c", references: "<a@x>", inReplyTo: "<b@x>");
        Threads().Should().Be("1 .3 2");
    }

    [Fact]
    public void Only_the_first_id_of_In_Reply_To_counts()
    {
        Add("a");
        Add("b");
        Add("c", inReplyTo: "<a@x> <b@x>");
        Threads().Should().Be("1 .3 2");
    }

    [Fact]
    public void Missing_parents_give_way_to_their_children()
    {
        Add("c", references: "<a@x> <b@x>");
        Threads().Should().Be("1");
    }

    [Fact]
    public void Missing_parents_of_several_hold_them_together()
    {
        Add("c", references: "<a@x> <b@x>");
        Add("d", references: "<a@x>");
        Threads().Should().Be("? .1 .2");
    }

    [Fact]
    public void Loops_are_not_made()
    {
        Add("a", references: "<b@x>");
        Add("b", references: "<a@x>");
        Add("c", references: "<c@x>");
        Threads().Should().Be("2 .1 3");
    }

    [Fact]
    public void A_second_message_of_an_id_is_another_message()
    {
        Add("a");
        Add("a", references: "<z@x>");
        Add("b", references: "<a@x>");
        Threads().Should().Be("1 .3 2");
    }

    [Fact]
    public void A_quoted_id_is_the_same()
    {
        Add("a");
        Add("b", references: "<\"a\"@x>");
        Threads().Should().Be("1 .2");
    }

    [Fact]
    public void Roots_of_one_subject_are_gathered()
    {
        Add("a", subject: "same");
        Add("b", subject: "same");
        Add("c", subject: "Re: same");
        Add("d", subject: "");
        Add("e", subject: "");
        // Step 5: two that are no replies get a dummy, the reply goes below it.
        Threads().Should().Be("? .1 .2 .3 4 5");
    }

    [Fact]
    public void A_reply_goes_below_the_message_that_is_none_though_it_came_first()
    {
        Add("a", subject: "Re: same");
        Add("b", subject: "same");
        Threads().Should().Be("2 .1");
    }

    [Fact]
    public void Siblings_are_in_order_of_the_sent_date()
    {
        Add("late", minutes: 50);
        Add("x", references: "<late@x>", minutes: 70);
        Add("y", references: "<late@x>", minutes: 60);
        Add("early", minutes: 10);
        Threads().Should().Be("4 1 .3 .2");
    }

    [Fact]
    public void A_conversation_may_be_deep()
    {
        Add("0");
        for (var i = 1; i < 20_000; i++) Add($"{i}", references: $"<{i - 1}@x>");
        var threads = new MessageThreads(ThreadAlgorithm.References);
        foreach (var message in _messages) threads.Add(message);
        threads.ToPlaces()[^1].Depth.Should().Be(19_999);
    }

    private void Add(string id, string? subject = null, string references = "", string inReplyTo = "", int? minutes = null)
    {
        var uid = (uint)_messages.Count + 1;
        var ids = (references + " " + inReplyTo).Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().ToList();
        var named = references.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().Count();
        _messages.Add(new MessageInfo
        {
            Uid = new Uid(uid),
            ModSeq = new ModSeq(uid),
            Flags = MessageFlags.None,
            InternalDate = DateTimeOffset.UnixEpoch.AddMinutes(minutes ?? (int)uid),
            SaveDate = DateTimeOffset.UnixEpoch,
            Content = default,
            TracePrefix = default,
            Size = 1,
            EmailId = "",
            ThreadId = "",
            Structure = new MessageStructure
            {
                Envelope = new MessageEnvelope { Subject = subject ?? $"subject {uid}", MessageId = $"<{id}@x>" },
                Root = new BodyPart { Type = "text", Subtype = "plain" },
                References = ids,
                RepliesOnly = ids.Count - named,
            },
        });
    }

    private string Threads()
    {
        var threads = new MessageThreads(ThreadAlgorithm.References);
        foreach (var message in _messages) threads.Add(message);
        return string.Join(' ', threads.ToPlaces().Select(place => new string('.', place.Depth) + (place.Uid?.ToString() ?? "?")));
    }
}
