using System.Text;
using AwesomeAssertions;
using Merpati.Addresses;
using Merpati.Delivery.Quarantine;
using Merpati.Envelopes;
using Merpati.QueueWork;
using Merpati.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using MimeKit;
using Xunit;

namespace Merpati.Tests.Unit.Delivery;

/// <summary>Each account is told once a day what is in quarantine for it.</summary>
public sealed class QuarantineDigestTests
{
    private const string Hostile = "From: \"Your Bank\" <x@bank.test>\r\nSubject: =?utf-8?q?Win_=3Cb=3E_=E2=80=AE_https=3A//evil.test?=\r\n\r\n<script>secret</script>\r\n";

    private readonly DeliveryFixture _f = new();

    public QuarantineDigestTests()
    {
        _f.Account("ann@example.test");
        _f.Account("bob@example.test");
    }

    [Fact]
    public async Task Who_has_new_mail_in_quarantine_is_told_once()
    {
        await HoldAsync(Hostile, "ann@example.test", "bob+tag@example.test");
        await HoldAsync(Hostile, "ann@example.test");
        _f.Time.Advance(TimeSpan.FromDays(1));
        (await Digest().SendDueAsync(default)).Should().Be(2);
        (await Digest().SendDueAsync(default)).Should().Be(0, "another process comes too late");
        var entry = (await EntriesAsync()).Single(one => one.Recipients[0].Recipient.Address.LocalPart == "ann");
        (entry.Route, entry.ReversePath.IsNull, entry.Recipients[0].State).Should().Be((QueueRoute.Local, true, RecipientState.Queued));
        using var message = await MimeMessage.LoadAsync(new MemoryStream(_f.Contents.Read(entry.Content)));
        message.Subject.Should().Be("2 messages for you are in quarantine");
        message.TextBody.Should().Contain("Win <b>  https[:]//evil.test").And.Contain("quarantined by the rule bad").And.Contain("<eve@remote.test>").And.NotContain("secret").And.NotContain("\u202e");
        message.HtmlBody.Should().Contain("Win &lt;b&gt;").And.Contain("&quot;Your Bank&quot;").And.NotContain("<b>").And.NotContain("://").And.NotContain("script");

        _f.Time.Advance(TimeSpan.FromDays(1));
        (await Digest().SendDueAsync(default)).Should().Be(0, "there is nothing new");
    }

    [Fact]
    public async Task What_somebody_holds_for_another_reason_and_lists_are_left_out()
    {
        await HoldAsync(Hostile, "held by an administrator", "ann@example.test");
        _f.Directory.Alias("all@example.test", [.. Enumerable.Range(0, 20).Select(i => $"u{i}@example.test")]);
        for (var i = 0; i < 20; i++) _f.Account($"u{i}@example.test");
        _f.Directory.Alias("sales@example.test", "bob@example.test");
        await HoldAsync(Hostile, "all@example.test");
        _f.Time.Advance(TimeSpan.FromDays(1));
        (await Digest().SendDueAsync(default)).Should().Be(0);
        await HoldAsync(Hostile, "sales@example.test");
        _f.Time.Advance(TimeSpan.FromDays(1));
        (await Digest().SendDueAsync(default)).Should().Be(1);
    }

    [Fact]
    public async Task A_round_that_was_cut_off_is_done_again_and_nobody_is_told_twice()
    {
        await HoldAsync(Hostile, "ann@example.test");
        _f.Time.Advance(TimeSpan.FromDays(1));
        await Digest().SendDueAsync(default);
        await _f.Records.RemoveAsync(QuarantineDigest.Kind, ["last"], default);
        (await Digest().SendDueAsync(default)).Should().Be(0, "somebody is at it");
        _f.Time.Advance(TimeSpan.FromMinutes(30));
        await Digest().SendDueAsync(default);
        (await EntriesAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task After_days_of_rest_all_that_came_meanwhile_is_told()
    {
        _f.Time.Advance(TimeSpan.FromDays(1));
        (await Digest().SendDueAsync(default)).Should().Be(0);
        await HoldAsync(Hostile, "ann@example.test");
        _f.Time.Advance(TimeSpan.FromDays(5));
        (await Digest().SendDueAsync(default)).Should().Be(1);
    }

    private QuarantineDigest Digest() => new(_f.Queue, _f.Contents, _f.Directory, _f.Records, new OwnMail(_f.Contents, _f.Queue, _f.Journal, _f.Directory, _f.Bell, _f.Time), _f.Metrics, Options.Create(_f.Options), _f.Time, NullLogger<QuarantineDigest>.Instance);

    private Task HoldAsync(string message, params string[] recipients)
    {
        var reason = recipients[0].Contains('@', StringComparison.Ordinal) ? "quarantined by the rule bad with score 9" : recipients[0];
        return _f.EnqueueAsync("eve@remote.test", [.. recipients.Where(one => one.Contains('@', StringComparison.Ordinal)).Select(one => new EnvelopeRecipient(EmailAddress.Parse(one)))], message,
            change: entry => entry with { Recipients = [.. entry.Recipients.Select(one => one with { State = RecipientState.Held, Detail = reason })] });
    }

    private async Task<IReadOnlyList<QueueEntry>> EntriesAsync() => [.. (await _f.Queue.BrowseAsync(new QueueFilter { State = RecipientState.Queued }, null, 100, default))];
}
