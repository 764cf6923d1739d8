using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Addresses;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Merpati.Mail.Policy;

/// <summary>A policy that cannot be read: the message names the line and what is wrong there.</summary>
public sealed class PolicyException(string message) : Exception(message);

/// <summary>Reads a policy from YAML, and so from JSON. What it does not know is an error: a misspelt condition that is left out lets mail pass.</summary>
public static class PolicyReader
{
    private const int MaxSize = 1 << 20;
    private const int MaxDepth = 16;
    internal const int MaxRules = 1000;

    /// <exception cref="PolicyException">It is not a policy.</exception>
    public static MailPolicy Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxSize) throw new PolicyException($"A policy has at most {MaxSize} characters.");
        var root = Mapping(Parse(text), "the policy");
        Known(root, "the policy", "name", "rules", "tests");
        var rules = Items(Required(root, "rules"), "rules").Select(Rule).ToList();
        if (rules.Count > MaxRules) throw new PolicyException($"A policy has at most {MaxRules} rules.");
        if (rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { Key: var twice }) throw new PolicyException($"Two rules are named '{twice}'; the name is the reason code and has to be the only one.");
        var tests = Find(root, "tests") is { } found ? Items(found, "tests").Select(Test).ToList() : [];
        foreach (var test in tests)
        {
            if (test.Rule is { } rule && rule is not (MailPolicy.NoRule or MailPolicy.ScannerRule) && rules.TrueForAll(one => one.Name != rule)) throw new PolicyException($"The test '{test.Name}' expects the rule '{rule}', which is not there.");
        }
        return new MailPolicy(Find(root, "name") is { } name ? Scalar(name, "name") : "unnamed", VersionOf(text), rules, tests);
    }

    private static string VersionOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    private static YamlNode Parse(string text)
    {
        var stream = new YamlStream();
        try
        {
            // References could make a small file a large one.
            var parser = new Parser(new StringReader(text));
            var depth = 0;
            while (parser.MoveNext())
            {
                depth += parser.Current!.NestingIncrease;
                if (depth > MaxDepth + 3) throw new PolicyException($"Line {parser.Current.Start.Line}: deeper than {MaxDepth} levels.");
                if (parser.Current is YamlDotNet.Core.Events.AnchorAlias) throw new PolicyException($"Line {parser.Current.Start.Line}: references are not allowed.");
            }
            stream.Load(new StringReader(text));
        }
        catch (YamlException e) { throw new PolicyException($"Line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}"); }
        return stream.Documents.Count == 1 ? stream.Documents[0].RootNode : throw new PolicyException("A policy is one document.");
    }

    private static PolicyRule Rule(YamlNode node)
    {
        var rule = Mapping(node, "a rule");
        var name = Scalar(Required(rule, "name"), "name");
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') || name is MailPolicy.NoRule or MailPolicy.ScannerRule)
            throw At(node, $"'{name}' is no name of a rule: up to 64 of a-z, 0-9, - and ., and neither '{MailPolicy.NoRule}' nor '{MailPolicy.ScannerRule}'.");
        Known(rule, $"the rule '{name}'", "name", "when", "then", "score", "tag", "reply", "to");
        PolicyAction? then = Find(rule, "then") is { } action ? Action(action) : null;
        var score = Find(rule, "score") is { } points ? Number(points) : 0;
        var tag = Find(rule, "tag") is { } word ? Tag(word) : null;
        if (then is null && score == 0 && tag is null) throw At(node, $"The rule '{name}' does nothing: give it then, score or tag.");
        var reply = Find(rule, "reply") is { } said ? Reply(said, then) : null;
        var to = Find(rule, "to") is { } address ? Address(address) : null;
        if ((to is null) == (then == PolicyAction.Redirect)) throw At(node, $"The rule '{name}': redirect needs an address of this server in 'to', and nothing else has one.");
        return new PolicyRule(name, Find(rule, "when") is { } when ? When(when) : new Condition.All([]), then, score, tag, reply) { To = to };
    }

    private static Condition When(YamlNode node)
    {
        var conditions = Mapping(node, "a condition").Children.Select(pair => When(pair.Key, pair.Value)).ToList();
        return conditions is [var only] ? only : new Condition.All(conditions);
    }

    private static Condition When(YamlNode key, YamlNode value)
    {
        var name = Scalar(key, "the name of a fact");
        switch (name)
        {
            case "any": return new Condition.Any([.. Items(value, "any").Select(When)]);
            case "all": return new Condition.All([.. Items(value, "all").Select(When)]);
            case "not": return new Condition.Not(When(value));
        }
        var fact = FactNamed(name, key);
        return fact.Kind switch
        {
            FactKind.Flag => new Condition.Is(fact, Flag(value)),
            FactKind.Number => Compare(fact, value),
            FactKind.Address => new Condition.Within(fact, [.. Several(value).Select(Network)]),
            _ => new Condition.Matches(fact, [.. Several(value).Select(one => Pattern(fact, one))]),
        };
    }

    private static Condition.Compares Compare(MailFact fact, YamlNode node)
    {
        var text = Scalar(node, fact.Name).Trim();
        var (comparison, rest) = text switch
        {
            ['>', '=', ..] => (Comparison.AtLeast, text[2..]),
            ['<', '=', ..] => (Comparison.AtMost, text[2..]),
            ['>', ..] => (Comparison.More, text[1..]),
            ['<', ..] => (Comparison.Less, text[1..]),
            _ => (Comparison.Equal, text),
        };
        return double.TryParse(rest, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) && double.IsFinite(bound)
            ? new Condition.Compares(fact, comparison, bound)
            : throw At(node, $"'{text}' is no comparison for {fact.Name}: write a number, or one after <, <=, > or >=.");
    }

    private static TextPattern Pattern(MailFact fact, YamlNode node)
    {
        var text = Scalar(node, fact.Name);
        if (text.Length > 1000) throw At(node, $"A pattern has at most 1000 characters ({fact.Name}).");
        return fact.Words is { } words && !words.Contains(text, StringComparer.Ordinal)
            ? throw At(node, $"{fact.Name} is never '{text}': it is one of {string.Join(", ", words)}.")
            : new TextPattern(text);
    }

    private static IPNetwork Network(YamlNode node)
    {
        var text = Scalar(node, "a network");
        if (IPAddress.TryParse(text, out var address)) return new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return IPNetwork.TryParse(text, out var network) ? network : throw At(node, $"'{text}' is neither an address nor a network such as 192.0.2.0/24.");
    }

    private static PolicyAction Action(YamlNode node)
    {
        var text = Scalar(node, "an action");
        return PolicyWords.Action(text) ?? throw At(node, $"'{text}' is no action: it is one of {string.Join(", ", PolicyWords.Actions)}.");
    }

    private static EmailAddress Address(YamlNode node)
        => EmailAddress.TryParse(Scalar(node, "to"), out var address) ? address : throw At(node, $"'{node}' is no address.");

    private static string Tag(YamlNode node)
    {
        var text = Scalar(node, "tag");
        return text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? text
            : throw At(node, $"'{text}' is no tag: up to 64 letters, digits, -, _ and '.'.");
    }

    private static string Reply(YamlNode node, PolicyAction? action)
    {
        var text = Scalar(node, "reply");
        var digit = action switch { PolicyAction.Reject => '5', PolicyAction.Defer => '4', _ => throw At(node, "Only reject and defer have a reply.") };
        foreach (var name in ReplyText.Names(text))
        {
            if (FactNamed(name, node).Kind is not (FactKind.Text or FactKind.Address)) throw At(node, $"{{{name}}} is no text that a reply could hold.");
        }
        return ReplyText.HasCode(text, digit) && text.Length <= 400 && text.All(c => c is >= ' ' and < '\x7f')
            ? text
            : throw At(node, $"'{text}' is no reply for {PolicyWords.Name(action.Value)}: it begins with an enhanced status code such as {digit}.7.1, and has up to 400 characters of ASCII.");
    }

    private static PolicyTest Test(YamlNode node)
    {
        var test = Mapping(node, "a test");
        var name = Scalar(Required(test, "name"), "name");
        Known(test, $"the test '{name}'", "name", "facts", "expect", "rule");
        var facts = MailFacts.None;
        foreach (var (key, value) in Mapping(Required(test, "facts"), "facts").Children)
        {
            var fact = FactNamed(Scalar(key, "the name of a fact"), key);
            facts = fact.Kind switch
            {
                FactKind.Flag => facts.With(fact, Flag(value)),
                FactKind.Number => facts.With(fact, Number(value)),
                FactKind.Address => IPAddress.TryParse(Scalar(value, fact.Name), out var address) ? facts.With(fact, address) : throw At(value, $"'{value}' is no address."),
                FactKind.List => facts.With(fact, Several(value).Select(item => Scalar(item, fact.Name)).ToImmutableArray()),
                _ => facts.With(fact, Pattern(fact, value).Pattern),
            };
        }
        return new PolicyTest(name, facts, Action(Required(test, "expect")), Find(test, "rule") is { } rule ? Scalar(rule, "rule") : null);
    }

    private static MailFact FactNamed(string name, YamlNode node)
        => MailFact.Find(name) ?? throw At(node, $"'{name}' is no fact. There are: {string.Join(", ", MailFact.All.Select(fact => fact.Name))}.");

    private static bool Flag(YamlNode node) => Scalar(node, "true or false") switch { "true" => true, "false" => false, var text => throw At(node, $"'{text}' is neither true nor false.") };

    private static double Number(YamlNode node)
        => double.TryParse(Scalar(node, "a number"), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && Math.Abs(number) <= 1e12 ? number : throw At(node, $"'{node}' is no number.");

    private static string Scalar(YamlNode node, string what) => node is YamlScalarNode { Value: { } text } ? text : throw At(node, $"{what} has to be a plain value.");

    private static YamlMappingNode Mapping(YamlNode node, string what) => node as YamlMappingNode ?? throw At(node, $"{what} has to be a mapping.");

    private static IList<YamlNode> Items(YamlNode node, string what) => node is YamlSequenceNode sequence ? sequence.Children : throw At(node, $"{what} has to be a list.");

    private static IList<YamlNode> Several(YamlNode node) => node is YamlSequenceNode sequence ? sequence.Children : [node];

    private static YamlNode? Find(YamlMappingNode node, string key) => node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private static YamlNode Required(YamlMappingNode node, string key) => Find(node, key) ?? throw At(node, $"'{key}' is missing.");

    private static void Known(YamlMappingNode node, string what, params string[] keys)
    {
        foreach (var key in node.Children.Keys)
        {
            var name = Scalar(key, "a key");
            if (!keys.Contains(name, StringComparer.Ordinal)) throw At(key, $"{what} has no '{name}'; there are {string.Join(", ", keys)}.");
        }
    }

    private static PolicyException At(YamlNode node, string message) => new($"Line {node.Start.Line}: {message}");
}
