using System.Globalization;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Envelopes;
using Merpati.Mail.Dns;
using Merpati.Mailboxes;
using Merpati.OutboundRelay.Queue;
using Merpati.Queueing;
using Merpati.Storage;
using Merpati.TestKit.Stores;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>When an entry is tried again, and when it is given up.</summary>
public sealed class RelaySchedulesTests
{
    private static readonly DateTimeOffset Noon = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly OutboundRelayOptions _options = new();

    private RelaySchedules Schedules => new(Options.Create(_options));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(3, 20)]
    [InlineData(4, 40)]
    [InlineData(5, 70)]
    [InlineData(50, 70)]
    public void Waits_grow_from_five_to_seventy_minutes_with_jitter(int attempt, int minutes)
    {
        var entry = Entry() with { Attempts = attempt, AcceptedAt = Noon.AddHours(-10) };
        for (var i = 0; i < 50; i++)
            (Schedules.NextAttempt(entry, Noon, null) - Noon).Should().BeCloseTo(TimeSpan.FromMinutes(minutes), TimeSpan.FromMinutes(minutes * 0.21));
    }

    [Fact]
    public void A_domain_has_times_of_its_own_and_so_has_what_is_below_another()
    {
        _options.Domains["x.test"] = new DomainRelayOptions { FirstRetry = TimeSpan.FromSeconds(10), GiveUpAfter = TimeSpan.FromHours(1) };
        _options.Domains[".y.test"] = new DomainRelayOptions { GiveUpAfter = TimeSpan.FromHours(2) };
        (Schedules.NextAttempt(Entry() with { Attempts = 1 }, Noon, null) - Noon).Should().BeLessThan(TimeSpan.FromSeconds(13));
        Schedules.EndOf(Entry()).Should().Be(Noon.AddHours(1));
        Schedules.EndOf(Entry() with { Destination = "a.y.test" }).Should().Be(Noon.AddHours(2));
        Schedules.EndOf(Entry() with { Destination = "y.test" }).Should().Be(Noon.AddDays(5));
    }

    [Fact]
    public void After_five_days_it_is_over_but_not_without_some_attempts()
    {
        var entry = Entry() with { Attempts = 30 };
        Schedules.IsOver(entry, Noon.AddDays(5).AddSeconds(-1)).Should().BeFalse();
        Schedules.IsOver(entry, Noon.AddDays(5)).Should().BeTrue();
        Schedules.IsOver(entry with { Attempts = 2 }, Noon.AddDays(400)).Should().BeFalse("the clock jumped, or we were off");
    }

    [Fact]
    public void The_next_attempt_is_not_after_the_moment_at_which_something_has_to_be_said()
    {
        Schedules.NextAttempt(Entry() with { Attempts = 20 }, Noon.AddHours(3.9), null).Should().Be(Noon.AddHours(4), "the sender is told of the delay then");
        Schedules.NextAttempt(Entry() with { Attempts = 1, DeliverBy = new DeliverBy(Noon.AddMinutes(1), DeliverByMode.Return, Trace: false) }, Noon, null).Should().Be(Noon.AddMinutes(1));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_make_it_spin()
    {
        var next = Schedules.NextAttempt(Entry() with { Attempts = 3 }, Noon.AddDays(-10), null);
        next.Should().BeAfter(Noon.AddDays(-10).AddMinutes(4));
    }

    [Theory]
    [InlineData("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", true)]
    [InlineData("421 4.7.28 Our system has detected an unusual rate of unsolicited mail", true)]
    [InlineData("450 4.7.1 Error: too many connections from 192.0.2.1", true)]
    [InlineData("451 4.3.2 Rate limit exceeded", true)]
    [InlineData("452 4.2.2 The recipient's inbox is full", false)]
    [InlineData("451 4.7.1 Greylisting in action, please come back later", false)]
    [InlineData("452 4.5.3 Too many recipients", false)]
    [InlineData("550 5.7.1 too many connections", false)]
    public void Known_replies_say_too_many(string reply, bool tooMany) => (Schedules.RuleFor(reply)?.TooMany == true).Should().Be(tooMany);

    [Fact]
    public void A_reply_of_the_configuration_comes_first()
    {
        _options.Replies.Add(new ReplyRule { Pattern = "greylist", RetryAfter = TimeSpan.FromMinutes(6) });
        _options.Replies.Add(new ReplyRule { Pattern = "^421 4\\.7\\.0", RetryAfter = TimeSpan.FromMinutes(1) });
        Schedules.RuleFor("451 4.7.1 Greylisted")!.RetryAfter.Should().Be(TimeSpan.FromMinutes(6));
        Schedules.RuleFor("421 4.7.0 later")!.TooMany.Should().BeFalse();
    }

    [Theory]
    [InlineData("mx1.mail.example.org", "example.org")]
    [InlineData("alt4.aspmx.l.google.com", "google.com")]
    [InlineData("mx.example.co.uk", "example.co.uk")]
    [InlineData("mx.example.de", "example.de")]
    [InlineData("localhost", "localhost")]
    public void A_provider_is_known_by_the_names_of_its_hosts(string host, string provider)
        => ProviderRests.ProviderOf(new MailHost(host, 0, [], host, AddressesSecure: false)).Should().Be(provider);

    [Fact]
    public void A_provider_that_goes_on_saying_too_many_rests_longer_and_those_beside_it_not_at_all()
    {
        var time = new FakeTimeProvider(Noon);
        var rests = new ProviderRests(Options.Create(_options), time);
        var (one, other, stranger) = (Host("mx1.big.test"), Host("mx2.big.test"), Host("mx.small.test"));
        var first = rests.TooMany(one, "421 4.7.0 no") - Noon;
        rests.TooMany(other, "421 4.7.0 no").Should().Be(Noon + first, "those under way hear the same");
        rests.RestOf(other)!.Value.Reply.Should().Be("421 4.7.0 no");
        rests.RestOf(stranger).Should().BeNull();
        time.Advance(first);
        rests.RestOf(one).Should().BeNull();
        (rests.TooMany(one, "421 4.7.0 no") - time.GetUtcNow()).Should().BeGreaterThan(first * 1.5);
    }

    [Fact]
    public async Task What_a_provider_said_to_one_relay_the_others_know_too()
    {
        var time = new FakeTimeProvider(Noon);
        var records = new InMemorySharedRecords(time);
        var (one, other) = (new ProviderRests(Options.Create(_options), time), new ProviderRests(Options.Create(_options), time));
        var heard = one.Heard;
        var until = one.TooMany(Host("mx1.big.test"), "421 4.7.0 no\nmore");
        heard.IsCompleted.Should().BeTrue();
        await one.ShareAsync(records, default);
        await other.ShareAsync(records, default);
        other.RestOf(Host("mx2.big.test")).Should().Be((until, "421 4.7.0 no\nmore"));

        time.Advance(until - Noon);
        (other.TooMany(Host("mx2.big.test"), "421 4.7.0 no") - time.GetUtcNow()).Should().BeGreaterThan((until - Noon) * 1.5, "it goes on where the first one was");
        await other.ShareAsync(records, default);
        await one.ShareAsync(records, default);
        time.Advance(TimeSpan.FromDays(1));
        other.RestOf(Host("mx2.big.test")).Should().BeNull();
    }

    [Fact]
    public async Task A_provider_that_takes_mail_again_has_done_so_for_all_relays()
    {
        var time = new FakeTimeProvider(Noon);
        var records = new InMemorySharedRecords(time);
        var (one, other) = (new ProviderRests(Options.Create(_options), time), new ProviderRests(Options.Create(_options), time));
        var first = one.TooMany(Host("mx.big.test"), "421 4.7.0 no") - Noon;
        await one.ShareAsync(records, default);
        await other.ShareAsync(records, default);
        time.Advance(first);
        other.Well(Host("mx.big.test"));
        await other.ShareAsync(records, default);
        await one.ShareAsync(records, default);
        (one.TooMany(Host("mx.big.test"), "421 4.7.0 no") - time.GetUtcNow()).Should().BeLessThan(first * 1.5);
    }

    private static MailHost Host(string name) => new(name, 0, [], name, AddressesSecure: false);

    private static QueueEntry Entry() => new()
    {
        Id = new QueueId(Guid.Parse("0193e0a0-1111-7222-8333-444455556666", CultureInfo.InvariantCulture)),
        Route = QueueRoute.Relay,
        Destination = "x.test",
        Content = new ContentId(Guid.NewGuid()),
        Size = 1,
        TraceHeaders = ReadOnlyMemory<byte>.Empty,
        ReversePath = ReversePath.Null,
        Recipients = [new QueueRecipient { Recipient = new EnvelopeRecipient(EmailAddress.Parse("a@x.test")) }],
        AcceptedAt = Noon,
    };
}
