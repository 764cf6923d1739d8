using AwesomeAssertions;
using Merpati.Mail.Auth;
using Merpati.Platform.Reports;
using Merpati.Platform.Sharing;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

/// <summary>Whatever is judged by a DMARC record that asks for reports is counted, and how it fared (RFC 7489 §7.2).</summary>
public sealed class DmarcCountsTests
{
    private const string Zone = """
        example.org TXT "v=spf1 ip4:192.0.2.7 -all"
        _dmarc.example.org TXT "v=DMARC1; p=reject; rua=mailto:r@example.org"
        _dmarc.strict.example TXT "v=DMARC1; p=reject; rua=mailto:r@strict.example"
        _dmarc.soft.example TXT "v=DMARC1; p=none; rua=mailto:r@soft.example"
        _dmarc.trying.example TXT "v=DMARC1; p=quarantine; t=y; rua=mailto:r@trying.example"
        _dmarc.half.example TXT "v=DMARC1; p=reject; pct=0; rua=mailto:r@half.example"
        _dmarc.silent.example TXT "v=DMARC1; p=reject"
        """;

    [Theory]
    [InlineData("a@example.org", "none", true, null)]
    [InlineData("a@strict.example", "reject", false, null)]
    [InlineData("a@sub.strict.example", "reject", false, null)]
    [InlineData("a@soft.example", "none", false, null)]
    [InlineData("a@trying.example", "none", false, "policy_test_mode")]
    [InlineData("a@half.example", "none", false, "other")]
    public async Task A_message_is_a_row(string author, string disposition, bool spf, string? reason)
    {
        await using var f = Fixture(("Dmarc:Enforce", "true"));
        await SendAsync(f, author, "ann@example.test", disposition == "reject" ? "550 .*" : "250 .*");
        var day = (await DaysAsync(f)).Should().ContainSingle().Which;
        day.Domain.Should().Be(author.Replace("a@", "", StringComparison.Ordinal).Replace("sub.", "", StringComparison.Ordinal));
        var row = day.Rows.Should().ContainSingle().Which;
        (row.Source, row.Count, row.Disposition, row.DkimAligned, row.SpfAligned).Should().Be(("192.0.2.7", 1, disposition, false, spf));
        (row.HeaderFrom, row.EnvelopeFrom).Should().Be((author[2..], "example.org"));
        row.Spf.Should().Be(new ReportedSpf("example.org", "pass"));
        row.Overrides.Select(one => one.Type).Should().Equal(reason is null ? [] : [reason]);
    }

    [Fact]
    public async Task What_is_let_in_all_the_same_is_a_decision_of_ours()
    {
        await using var f = Fixture();
        await SendAsync(f, "a@strict.example", "ann@example.test", "250 .*");
        var row = (await DaysAsync(f)).Single().Rows.Single();
        row.Disposition.Should().Be("none");
        row.Overrides.Should().Equal(new ReportedOverride("local_policy", null));
    }

    [Theory]
    [InlineData("a@silent.example", "ann@example.test")]
    [InlineData("a@nothing.example", "ann@example.test")]
    [InlineData("a@strict.example", "dmarc@example.test")]
    public async Task Who_wants_no_reports_is_not_counted_nor_is_mail_to_where_ours_come_from(string author, string recipient)
    {
        await using var f = Fixture();
        await SendAsync(f, author, recipient, "250 .*");
        (await DaysAsync(f)).Should().BeEmpty();
    }

    [Fact]
    public async Task Without_a_sender_of_reports_nothing_is_counted()
    {
        await using var f = new IngressFixture(("Checks:Enabled", "true"));
        f.Dns.Load(Zone);
        await SendAsync(f, "a@strict.example", "ann@example.test", "250 .*");
        (await DaysAsync(f)).Should().BeEmpty();
    }

    private static IngressFixture Fixture(params (string, string)[] settings)
    {
        var fixture = new IngressFixture([("Checks:Enabled", "true"), (":Reports:From", "dmarc@example.test"), .. settings]);
        fixture.Directory.Add("dmarc@example.test");
        fixture.Dns.Load(Zone);
        return fixture;
    }

    private static Task SendAsync(IngressFixture f, string author, string recipient, string reply) => f.RunAsync(SmtpRole.Mx, $"""
        S~ 220 .*
        C: HELO client.example.org
        S~ 250 .*
        C: MAIL FROM:<joe@example.org>
        S~ 250 .*
        C: RCPT TO:<{recipient}>
        S~ 250 .*
        C: DATA
        S~ 354 .*
        C: From: {author}
        C:
        C: hello
        C: .
        S~ {reply}

        """);

    private static async Task<IReadOnlyList<DmarcDay>> DaysAsync(IngressFixture f)
    {
        var days = f.Get<SharedDmarcDays>();
        await days.SaveAsync(default);
        f.Time.Advance(TimeSpan.FromDays(1));
        var daily = f.Get<ISharedRecords>().Daily(SharedDmarcDays.Kind, f.Time);
        var found = new List<DmarcDay>();
        foreach (var (day, name) in await daily.DueAsync(default)) found.Add(SharedDmarcDays.Together((await daily.ClaimAsync(day, name, default))!));
        return found;
    }
}
