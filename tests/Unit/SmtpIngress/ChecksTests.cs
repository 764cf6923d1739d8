using System.Text;
using AwesomeAssertions;
using Merpati.Mail.Policy;
using Merpati.SmtpIngress;
using Merpati.Storage;
using Merpati.TestKit;
using Merpati.Tests.Unit.Mail.Auth;
using Merpati.Timeline;
using Microsoft.Extensions.Options;
using Xunit;

namespace Merpati.Tests.Unit.SmtpIngress;

/// <summary>Who sends: told at the top of the message and in the timeline, and refused where the author's domain asks for it and we are told to.</summary>
public sealed class ChecksTests
{
    private const string Zone = """
        example.org TXT "v=spf1 ip4:192.0.2.7 -all"
        example.org MX 10 client.example.org
        client.example.org A 192.0.2.7
        client.example.org TXT "v=spf1 a -all"
        7.2.0.192.in-addr.arpa PTR client.example.org
        _dmarc.example.org TXT "v=DMARC1; p=reject"
        _dmarc.strict.example TXT "v=DMARC1; p=reject"
        _dmarc.half.example TXT "v=DMARC1; p=reject; pct=0"
        _dmarc.unit.example.org TXT "v=DMARC1; p=reject; psd=n"
        """;

    [Fact]
    public async Task The_results_stand_at_the_top()
    {
        await using var fixture = Fixture();
        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true, "Authentication-Results: mail.example.test; dmarc=pass header.from=bank.example");
        var entry = fixture.Queue.Entries.Should().ContainSingle().Which;
        Encoding.ASCII.GetString(entry.TraceHeaders.Span).Should().StartWith("""
            Authentication-Results: mail.example.test;
            	iprev=pass policy.iprev=192.0.2.7 (client.example.org);
            	spf=pass smtp.helo=client.example.org;
            	spf=pass smtp.mailfrom=example.org;
            	dkim=none;
            	dmarc=pass (p=reject) header.from=example.org;
            	arc=none
            Received-SPF: pass
            	(mail.example.test: domain of example.org designates 192.0.2.7 as permitted sender)
            	receiver=mail.example.test; client-ip=192.0.2.7; identity=mailfrom;
            	envelope-from="joe@example.org"; helo=client.example.org;
            	mechanism="ip4:192.0.2.7"
            Received: from client.example.org
            """.ReplaceLineEndings("\r\n"));
        fixture.Journal.Events.Should().ContainSingle(one => one.Step == TimelineStep.Accepted).Which.Detail.Should().EndWith("; spf=pass dkim=none dmarc=pass arc=none iprev=pass");
        Encoding.ASCII.GetString(fixture.Contents.Committed[entry.Content]).Should().StartWith("Authentication-Results: mail.example.test; dmarc=pass header.from=bank.example", "the message is never changed");
    }

    [Fact]
    public async Task A_signature_is_verified_as_the_message_streams_by()
    {
        await using var fixture = Fixture(zone: Mail.Auth.Zone.Keys);
        var signed = await Mail.Auth.Zone.SignAsync("From: ann@example.org\r\nSubject: hi\r\n\r\nhello\r\n", Keys.Rsa());
        await fixture.RunAsync(SmtpRole.Mx, Begin("joe@example.org") + string.Concat(signed.TrimEnd('\r', '\n').Split("\r\n").Select(line => $"C: {line}\n")) + "C: .\nS~ 250 .*\n");
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().Contain("dkim=pass header.d=example.org");
    }

    [Theory]
    [InlineData("x@strict.example", false)]
    [InlineData("x@half.example", true)]
    [InlineData("x@nopolicy.example", true)]
    [InlineData("x@example.org", true)]
    public async Task A_policy_of_reject_is_honoured_when_we_are_told_to(string author, bool accepted)
    {
        await using var fixture = Fixture([("Dmarc:Enforce", "true")]);
        await SendAsync(fixture, "joe@example.org", author, accepted);
        fixture.Queue.Entries.Should().HaveCount(accepted ? 1 : 0);
        if (!accepted) fixture.Journal.Events.Should().ContainSingle(one => one.Step == TimelineStep.Refused).Which.Detail.Should().EndWith("; reject by dmarc-reject");
    }

    [Theory]
    [InlineData(null, "dmarc=fail (p=reject)")]
    [InlineData("treeWalk", "dmarc=fail (p=reject)")]
    [InlineData("publicSuffixList", "dmarc=pass (p=reject)")]
    public async Task An_option_says_how_an_organization_is_found(string? method, string result)
    {
        await using var fixture = method is null ? Fixture() : Fixture([("Dmarc:OrganizationalDomain", method)]);
        await SendAsync(fixture, "joe@example.org", "x@unit.example.org", accepted: true);
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().Contain(result);
    }

    [Fact]
    public async Task Without_being_told_to_the_verdict_is_only_told()
    {
        await using var fixture = Fixture();
        await SendAsync(fixture, "joe@example.org", "x@strict.example", accepted: true);
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().Contain("dmarc=fail (p=reject)");
    }

    [Fact]
    public async Task A_network_that_is_exempt_is_not_checked()
    {
        await using var fixture = Fixture([("Checks:ExemptNetworks:0", "192.0.2.0/24"), ("Dmarc:Enforce", "true")]);
        await SendAsync(fixture, "joe@example.org", "x@strict.example", accepted: true);
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().StartWith("Received: ");
    }

    [Fact]
    public async Task Silence_of_DNS_is_a_temporary_error_and_the_message_comes_in()
    {
        await using var fixture = Fixture([("Dmarc:Enforce", "true")], "example.org !TIMEOUT\nclient.example.org !TIMEOUT\n7.2.0.192.in-addr.arpa !TIMEOUT\n_dmarc.example.org !TIMEOUT");
        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);
        fixture.Journal.Events.Should().ContainSingle(one => one.Step == TimelineStep.Accepted).Which.Detail.Should().EndWith("; spf=temperror dkim=none dmarc=temperror arc=none iprev=temperror");
    }

    [Fact]
    public async Task An_answer_that_does_not_come_costs_no_more_than_the_budget()
    {
        await using var fixture = Fixture([("Checks:Budget", "00:00:05")]);
        fixture.Dns.Hang();
        var sending = SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);
        while (!sending.IsCompleted)
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(sending, Task.Delay(20));
        }
        await sending;
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().Contain("reason=\"no answer in time\"");
    }

    [Fact]
    public async Task A_policy_of_our_own_judges_by_what_the_checks_found_and_what_it_judged_by_is_kept()
    {
        using var policy = new PolicyFile("""
            rules:
              - { name: unsigned, when: { dkim: none }, score: 2, tag: unsigned }
              - { name: stranger, when: { client.name: "client.*", score: ">= 2" }, then: junk }
            """);
        await using var fixture = Fixture([("Policy", policy.Path)]);

        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);

        var read = PolicyReader.Read(await File.ReadAllTextAsync(policy.Path));
        Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span).Should().StartWith($"X-Merpati-Verdict: junk; rule=stranger; score=2; policy={read.Version};\r\n\ttag=unsigned\r\nAuthentication-Results: ");
        fixture.Journal.Events.Should().ContainSingle(one => one.Step == TimelineStep.Accepted).Which.Detail.Should().EndWith("; junk by stranger with score 2");
        var subject = fixture.Journal.Subjects.Should().ContainSingle().Which;
        var capsule = DecisionCapsule.FromJson(subject.QueueId, subject.At, subject.Decision!);
        capsule.Verdict.Evidence.Should().Equal("unsigned +2", "stranger");
        capsule.Facts.Text(MailFact.ClientName).Should().Be("client.example.org");
        read.Judge(capsule.Facts).Should().Be(capsule.Verdict);
    }

    [Fact]
    public async Task What_the_policy_quarantines_is_accepted_and_held()
    {
        using var policy = new PolicyFile("rules: [{ name: all, then: quarantine }]");
        await using var fixture = Fixture([("Policy", policy.Path)]);

        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);

        var recipient = fixture.Queue.Entries.Should().ContainSingle().Which.Recipients.Should().ContainSingle().Which;
        (recipient.State, recipient.Detail).Should().Be((RecipientState.Held, "quarantined by the rule all"));
        fixture.Journal.Events.Select(one => one.Step).Should().Equal(TimelineStep.Accepted, TimelineStep.Held);
    }

    [Fact]
    public async Task What_the_policy_redirects_goes_to_that_address_and_can_be_found_by_both()
    {
        using var policy = new PolicyFile("rules: [{ name: all, then: redirect, to: bob@example.test }]");
        await using var fixture = Fixture([("Policy", policy.Path)]);

        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);

        fixture.Queue.Entries.Should().ContainSingle().Which.Recipients.Should().ContainSingle().Which.Recipient.Address.ToString().Should().Be("bob@example.test");
        fixture.Journal.Subjects.Should().ContainSingle().Which.Recipients.Should().Equal("ann@example.test", "bob@example.test");
        fixture.Journal.Events.Should().ContainSingle().Which.Detail.Should().EndWith("; redirect to bob@example.test by all");
    }

    [Fact]
    public async Task A_redirect_to_an_address_that_takes_no_mail_puts_the_message_off()
    {
        using var policy = new PolicyFile("rules: [{ name: all, then: redirect, to: nobody@example.test }]");
        await using var fixture = Fixture([("Policy", policy.Path)]);

        await fixture.RunAsync(SmtpRole.Mx, Begin("joe@example.org") + "C: From: x@example.org\nC:\nC: hello\nC: .\nS: 451 4.3.0 Local error, try again later\n");

        fixture.Queue.Entries.Should().BeEmpty();
        fixture.Log.Lines.Should().Contain(line => line.Contains("redirects to nobody@example.test", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("defer", "451 4.7.1 Message refused for now by the policy of this server, try again later [all]")]
    [InlineData("reject", "550 5.7.1 Message refused by the policy of this server [all]")]
    [InlineData("reject, reply: '5.7.25 {client.ip} has no name but {client.helo}'", "550 5.7.25 192.0.2.7 has no name but client.example.org [all]")]
    public async Task What_the_policy_refuses_is_refused_with_the_name_of_the_rule(string then, string reply)
    {
        using var policy = new PolicyFile($"rules: [{{ name: all, then: {then} }}]");
        await using var fixture = Fixture([("Policy", policy.Path)]);

        await fixture.RunAsync(SmtpRole.Mx, Begin("joe@example.org") + $"C: From: x@example.org\nC:\nC: hello\nC: .\nS: {reply}\n");

        fixture.Queue.Entries.Should().BeEmpty();
        fixture.Journal.Subjects.Should().ContainSingle().Which.Decision.Should().Contain("\"rule\":\"all\"");
        fixture.Journal.Events.Should().ContainSingle().Which.Step.Should().Be(TimelineStep.Refused);
    }

    [Fact]
    public async Task A_policy_is_read_again_when_its_file_changes_and_one_that_cannot_be_used_is_not_taken()
    {
        using var policy = new PolicyFile("rules: [{ name: all, then: reject }]");
        await using var fixture = Fixture([("Policy", policy.Path)]);

        var source = fixture.Policy;
        await File.WriteAllTextAsync(policy.Path, "rules: [{ name: all, then: destroy }]");
        source.Reload();
        await SendAsync(fixture, "joe@example.org", "ann@example.org", "550 5.7.1 .*");

        await File.WriteAllTextAsync(policy.Path, "{ rules: [{ name: all, then: accept }], tests: [{ name: t, facts: {}, expect: reject }] }");
        source.Reload();
        await SendAsync(fixture, "joe@example.org", "ann@example.org", "550 5.7.1 .*");

        await File.WriteAllTextAsync(policy.Path, "rules: [{ name: all, then: accept }]");
        source.Reload();
        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);
    }

    [Theory]
    [InlineData("rules: [{ name: all, then: destroy }]", "'destroy' is no action")]
    [InlineData("{ rules: [{ name: all, then: junk }], tests: [{ name: it comes in, facts: {}, expect: accept }] }", "Its test 'it comes in' expects accept, and the rules say junk by all")]
    [InlineData(null, "Could not find file")]
    public async Task A_policy_that_cannot_be_used_stops_the_start(string? text, string words)
    {
        using var policy = new PolicyFile(text ?? "");
        if (text is null) File.Delete(policy.Path);
        await using var fixture = Fixture([("Policy", policy.Path)]);

        var start = () => fixture.Sessions;
        start.Should().Throw<OptionsValidationException>().WithMessage($"*{policy.Path} is no policy: *{words}*");
    }

    [Theory]
    [InlineData("6", "junk; rule=dns-suspect")]
    [InlineData("-6", "accept; rule=dns-allowed")]
    public async Task Lists_in_DNS_are_facts_for_the_policy(string score, string verdict)
    {
        await using var fixture = Fixture([("Checks:DnsLists:0:Zone", "bl.example"), ("Checks:DnsLists:0:Score", score), ("Checks:DnsLists:1:Zone", "dbl.example"), ("Checks:DnsLists:1:Kind", "Domains"), ("Checks:DnsLists:1:Score", "5")],
            Zone + "\n7.2.0.192.bl.example A 127.0.0.2\n");
        await SendAsync(fixture, "joe@example.org", "ann@example.org", accepted: true);
        var headers = Encoding.ASCII.GetString(fixture.Queue.Entries[0].TraceHeaders.Span);
        headers.Should().StartWith("X-Merpati-Verdict: " + verdict);
        headers.Contains("dnswl=pass dns.zone=bl.example policy.ip=127.0.0.2", StringComparison.Ordinal).Should().Be(score.StartsWith('-'));
    }

    [Theory]
    [InlineData("not a zone", "1", "127.0.0.2", "is not the zone of a DNS list")]
    [InlineData("bl.example", "0", "127.0.0.2", "needs a score")]
    [InlineData("bl.example", "1", "127.0.0.999", "is no answer of the DNS list")]
    public async Task A_list_that_is_none_stops_the_start(string zone, string score, string answer, string words)
    {
        await using var fixture = Fixture([("Checks:DnsLists:0:Zone", zone), ("Checks:DnsLists:0:Score", score), ("Checks:DnsLists:0:Answers:0", answer)]);
        var start = () => fixture.Sessions;
        start.Should().Throw<OptionsValidationException>().WithMessage($"*{words}*");
    }

    private static IngressFixture Fixture((string Key, string Value)[]? settings = null, string zone = Zone)
    {
        var fixture = new IngressFixture([("Checks:Enabled", "true"), .. settings ?? []]);
        fixture.Dns.Load(zone);
        return fixture;
    }

    private static string Begin(string sender) => $"""
        S~ 220 .*
        C: HELO client.example.org
        S: 250 mail.example.test
        C: MAIL FROM:<{sender}>
        S: 250 2.1.0 Sender OK
        C: RCPT TO:<ann@example.test>
        S: 250 2.1.5 Recipient OK
        C: DATA
        S~ 354 .*

        """;

    private static Task SendAsync(IngressFixture fixture, string sender, string author, bool accepted, string header = "Subject: hi")
        => SendAsync(fixture, sender, author, accepted ? "250 2.0.0 .*" : @"550 5.7.26 Message failed DMARC, and the policy of strict.example is to reject it \[dmarc-reject\]", header);

    private static Task SendAsync(IngressFixture fixture, string sender, string author, string reply, string header = "Subject: hi")
        => fixture.RunAsync(SmtpRole.Mx, Begin(sender) + $"""
            C: {header}
            C: From: {author}
            C:
            C: hello
            C: .
            S~ {reply}

            """);

    private sealed class PolicyFile : IDisposable
    {
        public PolicyFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"policy-{Guid.NewGuid():N}.yaml");

        public void Dispose() => File.Delete(Path);
    }
}
