using System.Globalization;
using Merpati.Addresses;

namespace Merpati.Mail.Policy;

/// <summary>Rules as data. The first rule that holds and says what to do decides; those before it add their scores and tags.</summary>
/// <param name="Name">For people.</param>
/// <param name="Version">The first 12 hexadecimal digits of the SHA-256 of its text: a capsule names the policy that judged it by this.</param>
public sealed record MailPolicy(string Name, string Version, IReadOnlyList<PolicyRule> Rules, IReadOnlyList<PolicyTest> Tests)
{
    /// <summary>The rule that decides when none does.</summary>
    public const string NoRule = "none";

    /// <summary>The rule that stands behind all others: what a scanner asks for (<see cref="MailFact.ScanAsks"/>) happens.</summary>
    public const string ScannerRule = "scanner";

    /// <summary>Pure: the same facts give the same verdict.</summary>
    public PolicyVerdict Judge(MailFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var score = 0.0;
        var tags = new List<string>();
        var evidence = new List<string>();
        var known = facts.With(MailFact.Score, score);
        foreach (var rule in Rules)
        {
            if (!rule.When.Holds(known)) continue;
            if (rule.Score != 0)
            {
                score = Math.Round(score + rule.Score, 3);
                known = facts.With(MailFact.Score, score);
            }
            if (rule.Tag is { } tag) tags.Add(tag);
            evidence.Add(rule.Score == 0 ? rule.Name : string.Create(CultureInfo.InvariantCulture, $"{rule.Name} {rule.Score:+0.###;-0.###}"));
            if (rule.Then is { } action) return new PolicyVerdict(action, rule.Name, rule.Reply is { } reply ? ReplyText.Fill(reply, facts) : null, score, tags, evidence) { To = rule.To };
        }
        if (facts.Text(MailFact.ScanAsks) is { } wish && PolicyWords.Action(wish) is { } asked)
            return new PolicyVerdict(asked, ScannerRule, asked is PolicyAction.Defer or PolicyAction.Reject ? facts.Text(MailFact.ScanReply) : null, score, tags, [.. evidence, ScannerRule]);
        return new PolicyVerdict(PolicyAction.Accept, NoRule, null, score, tags, evidence);
    }

    /// <summary>Runs the tests that lie beside the rules.</summary>
    /// <returns>Those that failed, with what came out instead.</returns>
    public IReadOnlyList<PolicyTestFailure> Test()
    {
        var failures = new List<PolicyTestFailure>();
        foreach (var test in Tests)
        {
            var verdict = Judge(test.Facts);
            if (verdict.Action != test.Expected || (test.Rule is { } rule && rule != verdict.Rule)) failures.Add(new PolicyTestFailure(test, verdict));
        }
        return failures;
    }
}

/// <summary>What was decided, and why.</summary>
/// <param name="Rule">The name of the rule that decided, <see cref="MailPolicy.NoRule"/> when none did.</param>
/// <param name="Reply">Enhanced status code and text; null for the usual one of the action.</param>
/// <param name="Evidence">The rules that held, in their order, with what they added to the score.</param>
public sealed record PolicyVerdict(PolicyAction Action, string Rule, string? Reply, double Score, IReadOnlyList<string> Tags, IReadOnlyList<string> Evidence)
{
    /// <summary>Where it goes instead of to its recipients; null unless it is redirected.</summary>
    public EmailAddress? To { get; init; }

    /// <summary><c> with score 2.5</c>, or nothing where there is no score.</summary>
    public string WithScore => Score == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" with score {Score:0.###}");

    public bool Equals(PolicyVerdict? other)
        => other is not null && Action == other.Action && Rule == other.Rule && Reply == other.Reply && Equals(To, other.To) && Score.Equals(other.Score) && Tags.SequenceEqual(other.Tags) && Evidence.SequenceEqual(other.Evidence);

    public override int GetHashCode() => HashCode.Combine(Action, Rule, Score);
}

/// <summary>A test that did not come out as it should.</summary>
public sealed record PolicyTestFailure(PolicyTest Test, PolicyVerdict Verdict);
