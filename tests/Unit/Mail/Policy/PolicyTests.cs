using System.Net;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Merpati.Mail.Policy;
using Merpati.Queueing;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Policy;

/// <summary>Rules as data: what they say, what they must not say, and that a verdict can be had again.</summary>
public class PolicyTests
{
    private static readonly MailFacts Message = MailFacts.None
        .With(MailFact.ClientAddress, IPAddress.Parse("192.0.2.7")).With(MailFact.Sender, "ann@example.org").With(MailFact.SenderDomain, "example.org")
        .With(MailFact.Recipients, ["bob@merpati.test", "eve@merpati.test"]).With(MailFact.RecipientCount, 2).With(MailFact.Size, 10_000).With(MailFact.Spf, "softfail").With(MailFact.Tls, true);

    private static MailPolicy Rules(string rules) => PolicyReader.Read("rules:\n" + rules);

    [Theory]
    [InlineData("spf: softfail", true)]
    [InlineData("spf: fail", false)]
    [InlineData("spf: [fail, softfail]", true)]
    [InlineData("sender: '*@example.org'", true)]
    [InlineData("sender: '*@EXAMPLE.o?g'", true)]
    [InlineData("sender: '*@example'", false)]
    [InlineData("recipients: eve@merpati.test", true)]
    [InlineData("client.ip: 192.0.2.0/24", true)]
    [InlineData("client.ip: [198.51.100.0/24, '2001:db8::/32']", false)]
    [InlineData("client.ip: 192.0.2.7", true)]
    [InlineData("client.tls: true", true)]
    [InlineData("client.tls: false", false)]
    [InlineData("size: '> 9999.5'", true)]
    [InlineData("size: '>= 10000'", true)]
    [InlineData("size: '< 10000'", false)]
    [InlineData("size: '<= 10000'", true)]
    [InlineData("size: 10000", true)]
    [InlineData("{ spf: softfail, client.tls: false }", false)]
    [InlineData("any: [{ spf: fail }, { client.tls: true }]", true)]
    [InlineData("all: [{ spf: softfail }, { client.tls: true }]", true)]
    [InlineData("not: { spf: fail }", true)]
    [InlineData("dmarc: fail", false)]
    [InlineData("not: { dmarc: fail }", true)]
    public void A_condition_is_asked_of_the_facts_and_what_is_not_known_does_not_match(string when, bool holds)
    {
        var condition = when.StartsWith('{') ? $"when: {when}" : $"when:\n      {when}";
        var verdict = Rules($"  - name: it\n    {condition}\n    then: reject\n").Judge(Message);
        Assert.Equal(holds ? PolicyAction.Reject : PolicyAction.Accept, verdict.Action);
        Assert.Equal(holds ? "it" : MailPolicy.NoRule, verdict.Rule);
    }

    [Fact]
    public void Scores_add_up_until_a_rule_decides_by_them_and_the_evidence_tells_how()
    {
        var verdict = Rules("""
              - { name: soft, when: { spf: softfail }, score: 2.5, tag: spf }
              - { name: hard, when: { spf: fail }, score: 9 }
              - { name: big, when: { size: "> 5000" }, score: 3 }
              - { name: spam, when: { score: ">= 5.5" }, then: junk }
              - { name: never, then: reject }
            """).Judge(Message);

        Assert.Equal(new PolicyVerdict(PolicyAction.Junk, "spam", null, 5.5, ["spf"], ["soft +2.5", "big +3", "spam"]), verdict);
    }

    [Theory]
    [InlineData("  - name: a\n    when: { spff: fail }\n    then: reject", "Line 3", "'spff' is no fact")]
    [InlineData("  - name: a\n    when: { spf: failed }\n    then: reject", "Line 3", "spf is never 'failed'")]
    [InlineData("  - name: a\n    when: { size: many }\n    then: reject", "Line 3", "no comparison")]
    [InlineData("  - name: a\n    when: { size: '> NaN' }\n    then: reject", "Line 3", "no comparison")]
    [InlineData("  - name: a\n    when: { client.ip: 192.0.2.0/33 }\n    then: reject", "Line 3", "neither an address nor a network")]
    [InlineData("  - name: a\n    when: { client.tls: yes }\n    then: reject", "Line 3", "neither true nor false")]
    [InlineData("  - name: a\n    then: destroy", "Line 3", "no action")]
    [InlineData("  - name: a\n    when: { spf: fail }", "Line 2", "does nothing")]
    [InlineData("  - name: a\n    then: reject\n    reply: 4.7.1 later", "Line 4", "no reply for reject")]
    [InlineData("  - name: a\n    then: reject\n    reply: \"5.7.1 no\\r\\n250 yes\"", "Line 4", "no reply for reject")]
    [InlineData("  - name: a\n    then: junk\n    reply: 5.7.1 no", "Line 4", "Only reject and defer")]
    [InlineData("  - name: a\n    then: junk\n    tag: \"x\\r\\ny\"", "Line 4", "no tag")]
    [InlineData("  - name: A b\n    then: junk", "Line 2", "no name of a rule")]
    [InlineData("  - name: a\n    then: junk\n    wehn: {}", "Line 4", "no 'wehn'")]
    [InlineData("  - { name: a, then: junk }\n  - { name: a, then: junk }", "", "Two rules are named 'a'")]
    [InlineData("  - { name: a, then: junk, when: &x { spf: fail } }\n  - { name: b, then: junk, when: *x }", "Line 3", "references are not allowed")]
    [InlineData("  - name: [", "Line", "")]
    [InlineData("  when", "Line 2", "list")]
    public void What_a_policy_does_not_know_is_an_error_that_names_the_line(string rules, string line, string words)
    {
        var fault = Assert.Throws<PolicyException>(() => Rules(rules + "\n"));
        Assert.StartsWith(line, fault.Message, StringComparison.Ordinal);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_is_too_deep_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("{ not: ", 2000)) + "{ spf: fail }" + new string('}', 2000);
        Assert.Contains("deeper than", Assert.Throws<PolicyException>(() => Rules($"  - name: a\n    then: junk\n    when: {deep}\n")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_tests_beside_the_rules_tell_what_came_out_instead()
    {
        var policy = PolicyReader.Read("""
            name: mine
            rules:
              - { name: forged, when: { spf: fail }, then: reject }
            tests:
              - { name: forged mail is refused, facts: { spf: fail }, expect: reject, rule: forged }
              - { name: forged mail is junk, facts: { spf: fail }, expect: junk }
            """);

        var failure = Assert.Single(policy.Test());
        Assert.Equal(("forged mail is junk", PolicyAction.Reject), (failure.Test.Name, failure.Verdict.Action));
    }

    [Fact]
    public void A_test_that_expects_a_rule_that_is_not_there_is_an_error()
        => Assert.Contains("'forgd', which is not there", Assert.Throws<PolicyException>(() => PolicyReader.Read("{ rules: [{ name: forged, then: junk }], tests: [{ name: t, facts: {}, expect: junk, rule: forgd }] }")).Message, StringComparison.Ordinal);

    [Fact]
    public void Json_is_read_too() => Assert.Equal("forged", Assert.Single(PolicyReader.Read("""{ "rules": [ { "name": "forged", "when": { "spf": "fail" }, "then": "reject" } ] }""").Rules).Name);

    [Fact]
    public void The_standard_policy_passes_its_own_tests() => Assert.Empty(StandardPolicy.Policy.Test());

    [Fact]
    public void Every_fact_that_the_standard_policy_decides_by_is_in_one_of_its_tests()
        => Assert.All(StandardPolicy.Policy.Rules, rule => Assert.Contains(StandardPolicy.Policy.Tests, test => StandardPolicy.Policy.Judge(test.Facts).Rule == rule.Name));

    [Fact]
    public void A_capsule_comes_back_as_it_was_and_gives_the_same_verdict()
    {
        var policy = Rules("  - { name: soft, when: { spf: softfail }, then: defer, score: 0.1, tag: t, reply: 4.7.1 later }\n");
        var capsule = new DecisionCapsule(QueueId.New(TimeProvider.System), DateTimeOffset.UnixEpoch, policy.Version, Message, policy.Judge(Message));

        var back = DecisionCapsule.FromJson(capsule.QueueId, capsule.At, capsule.ToJson());

        Assert.Equal(capsule.Verdict, back.Verdict);
        Assert.Equal(capsule.Policy, back.Policy);
        Assert.Equal(capsule.Facts.Told, back.Facts.Told);
        Assert.Equal(capsule.Verdict, policy.Judge(back.Facts));
        Assert.Equal(capsule.ToJson(), back.ToJson());
    }

    [Theory]
    [InlineData("{ name: a, then: redirect }", "redirect needs an address")]
    [InlineData("{ name: a, then: junk, to: ann@example.org }", "nothing else has one")]
    [InlineData("{ name: a, then: redirect, to: nobody }", "'nobody' is no address")]
    public void Redirect_and_an_address_belong_together(string rule, string why)
        => Assert.Contains(why, Assert.Throws<PolicyException>(() => Rules($"  - {rule}\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void Where_a_message_was_redirected_is_in_its_capsule_and_in_its_header()
    {
        var policy = Rules("  - { name: legal, then: redirect, to: legal@example.org }\n");
        var capsule = new DecisionCapsule(QueueId.New(TimeProvider.System), DateTimeOffset.UnixEpoch, policy.Version, Message, policy.Judge(Message));

        var back = DecisionCapsule.FromJson(capsule.QueueId, capsule.At, capsule.ToJson());

        Assert.Equal("legal@example.org", back.Verdict.To?.ToString());
        Assert.Equal(capsule.Verdict, back.Verdict);
        Assert.Contains(";\r\n\tto=legal@example.org", VerdictHeader.Write(back), StringComparison.Ordinal);
    }

    [Fact]
    public void The_schema_knows_every_fact_and_every_action()
    {
        using var schema = JsonDocument.Parse(PolicySchema.Text);
        var defs = schema.RootElement.GetProperty("$defs");
        Assert.Equal(MailFact.All.Select(fact => fact.Name).Concat(["any", "all", "not"]).Order(StringComparer.Ordinal), defs.GetProperty("condition").GetProperty("properties").EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal));
        Assert.Equal(PolicyWords.Actions, defs.GetProperty("action").GetProperty("enum").EnumerateArray().Select(one => one.GetString()));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"policy":"x","facts":{},"verdict":{"action":"destroy","rule":"","score":0,"tags":[],"evidence":[]}}""")]
    [InlineData("""{"policy":1,"facts":[],"verdict":{}}""")]
    [InlineData("[")]
    public void What_is_no_capsule_is_told_so(string json)
        => Assert.ThrowsAny<JsonException>(() => DecisionCapsule.FromJson(QueueId.New(TimeProvider.System), DateTimeOffset.UnixEpoch, json));

    [Fact]
    public void A_pattern_matches_as_the_same_regular_expression_does()
    {
        var text = Gen.Elements('a', 'b', '*', '?', '.').ArrayOf().Select(chars => new string(chars));
        Prop.ForAll(text.ToArbitrary(), text.ToArbitrary(), (pattern, subject) =>
        {
            var expression = "^" + System.Text.RegularExpressions.Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$";
            return new TextPattern(pattern).Matches(subject) == System.Text.RegularExpressions.Regex.IsMatch(subject, expression, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(5));
        }).QuickCheckThrowOnFailure();
    }
}
