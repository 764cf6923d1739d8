using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Merpati.Mail.Policy;

/// <summary>What <see cref="PolicyReader"/> reads, as a JSON schema (draft 2020-12) for editors and pipelines; made of the same words, so that it knows every fact.</summary>
public static class PolicySchema
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text { get; } = Whole().ToJsonString(Readable) + "\n";

    private static JsonObject Whole()
    {
        var policy = Closed(
            new() { ["name"] = Of("string"), ["rules"] = ListOf(Ref("rule"), maxItems: PolicyReader.MaxRules), ["tests"] = ListOf(Ref("test")) },
            "rules");
        policy["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        policy["title"] = "A mail policy of Merpati";
        policy["$defs"] = new JsonObject { ["rule"] = Rule(), ["condition"] = Condition(), ["test"] = Test(), ["action"] = Words(PolicyWords.Actions) };
        return policy;
    }

    private static JsonObject Rule()
    {
        var rule = Closed(
            new()
            {
                ["name"] = Described(new JsonObject { ["type"] = "string", ["pattern"] = "^[a-z0-9.-]{1,64}$" }, "The stable reason code: in replies, timeline, log and metrics."),
                ["when"] = Ref("condition"),
                ["then"] = Ref("action"),
                ["score"] = Of("number"),
                ["tag"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[A-Za-z0-9._-]{1,64}$" },
                ["reply"] = Described(new JsonObject { ["type"] = "string", ["pattern"] = "^[45]\\.[0-9]{1,3}\\.[0-9]{1,3} ", ["maxLength"] = 400 }, "Enhanced status code and text, with reject and defer only."),
                ["to"] = Described(Of("string"), "An address of this server, with redirect only."),
            },
            "name");
        rule["anyOf"] = new JsonArray(Needs("then"), Needs("score"), Needs("tag"));
        return rule;
    }

    private static JsonObject Condition()
    {
        var conditions = new JsonObject { ["any"] = ListOf(Ref("condition")), ["all"] = ListOf(Ref("condition")), ["not"] = Ref("condition") };
        foreach (var fact in MailFact.All)
        {
            conditions[fact.Name] = Described(fact.Kind switch
            {
                FactKind.Flag => Of("boolean"),
                FactKind.Number => new JsonObject { ["type"] = new JsonArray("number", "string") },
                _ => OneOrSeveral(fact),
            }, fact.Description);
        }
        return Closed(conditions);
    }

    private static JsonObject Test()
    {
        var facts = new JsonObject();
        foreach (var fact in MailFact.All)
        {
            facts[fact.Name] = fact.Kind switch
            {
                FactKind.Flag => Of("boolean"),
                FactKind.Number => Of("number"),
                FactKind.List => OneOrSeveral(fact),
                _ => fact.Words is { } words ? Words(words) : Of("string"),
            };
        }
        return Closed(new() { ["name"] = Of("string"), ["facts"] = Closed(facts), ["expect"] = Ref("action"), ["rule"] = Of("string") }, "name", "facts", "expect");
    }

    private static JsonObject OneOrSeveral(MailFact fact)
    {
        return new JsonObject { ["oneOf"] = new JsonArray(One(), ListOf(One())) };

        JsonObject One() => fact.Words is { } words ? Words(words) : Of("string");
    }

    private static JsonObject Of(string type) => new() { ["type"] = type };

    private static JsonObject Ref(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private static JsonObject Needs(string key) => new() { ["required"] = new JsonArray(key) };

    private static JsonObject Words(IEnumerable<string> words) => new() { ["enum"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]) };

    private static JsonObject Described(JsonObject schema, string description)
    {
        schema["description"] = description;
        return schema;
    }

    private static JsonObject ListOf(JsonObject item, int? maxItems = null)
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = item };
        if (maxItems is { } most) list["maxItems"] = most;
        return list;
    }

    /// <summary>What is misspelt is an error.</summary>
    private static JsonObject Closed(JsonObject properties, params string[] required)
    {
        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Length > 0) schema["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]);
        return schema;
    }
}
