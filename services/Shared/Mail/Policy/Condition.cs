using System.Net;

namespace Merpati.Mail.Policy;

/// <summary>What a rule asks. A fact that is not known is no match.</summary>
public abstract record Condition
{
    public abstract bool Holds(MailFacts facts);

    /// <summary>All of them; true without any.</summary>
    public sealed record All(IReadOnlyList<Condition> Conditions) : Condition
    {
        public override bool Holds(MailFacts facts) => Conditions.All(condition => condition.Holds(facts));
    }

    public sealed record Any(IReadOnlyList<Condition> Conditions) : Condition
    {
        public override bool Holds(MailFacts facts) => Conditions.Any(condition => condition.Holds(facts));
    }

    public sealed record Not(Condition Condition) : Condition
    {
        public override bool Holds(MailFacts facts) => !Condition.Holds(facts);
    }

    /// <param name="Patterns">One of them is enough.</param>
    public sealed record Matches(MailFact Fact, IReadOnlyList<TextPattern> Patterns) : Condition
    {
        public override bool Holds(MailFacts facts)
            => Fact.Kind == FactKind.List ? facts.List(Fact).Any(IsMatch) : facts.Text(Fact) is { } text && IsMatch(text);

        private bool IsMatch(string text) => Patterns.Any(pattern => pattern.Matches(text));
    }

    /// <param name="Networks">One of them is enough.</param>
    public sealed record Within(MailFact Fact, IReadOnlyList<IPNetwork> Networks) : Condition
    {
        public override bool Holds(MailFacts facts) => IPAddress.TryParse(facts.Text(Fact), out var address) && Networks.Any(network => network.Contains(address));
    }

    public sealed record Compares(MailFact Fact, Comparison Comparison, double Bound) : Condition
    {
        public override bool Holds(MailFacts facts) => facts.Number(Fact) is { } number && Comparison switch
        {
            Comparison.Less => number < Bound,
            Comparison.AtMost => number <= Bound,
            Comparison.More => number > Bound,
            Comparison.AtLeast => number >= Bound,
            _ => number.Equals(Bound),
        };
    }

    public sealed record Is(MailFact Fact, bool Value) : Condition
    {
        public override bool Holds(MailFacts facts) => facts.Flag(Fact) == Value;
    }
}

public enum Comparison
{
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}
