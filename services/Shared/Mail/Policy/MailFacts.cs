using System.Collections.Immutable;
using System.Net;
using System.Text.Json;

namespace Merpati.Mail.Policy;

/// <summary>
/// All that a policy may know of one message: no body, no header text but the author's domain. Immutable, and the same after a way through JSON:
/// the same facts and the same policy give the same verdict at any time.
/// </summary>
public sealed class MailFacts
{
    public static readonly MailFacts None = new(ImmutableSortedDictionary.Create<string, object>(StringComparer.Ordinal));

    private readonly ImmutableSortedDictionary<string, object> _values;

    private MailFacts(ImmutableSortedDictionary<string, object> values) => _values = values;

    public MailFacts With(MailFact fact, string? text) => text is null ? this : Set(fact, text, FactKind.Text);

    public MailFacts With(MailFact fact, IPAddress address) => Set(fact, Plain(address).ToString(), FactKind.Address);

    public MailFacts With(MailFact fact, double number) => Set(fact, number, FactKind.Number);

    public MailFacts With(MailFact fact, bool flag) => Set(fact, flag, FactKind.Flag);

    public MailFacts With(MailFact fact, IEnumerable<string> texts) => Set(fact, texts.ToImmutableArray(), FactKind.List);

    /// <summary>Null when it is not known.</summary>
    public string? Text(MailFact fact) => _values.GetValueOrDefault(fact.Name) as string;

    /// <inheritdoc cref="Text"/>
    public double? Number(MailFact fact) => _values.GetValueOrDefault(fact.Name) as double?;

    /// <inheritdoc cref="Text"/>
    public bool? Flag(MailFact fact) => _values.GetValueOrDefault(fact.Name) as bool?;

    /// <summary>Empty when it is not known.</summary>
    public ImmutableArray<string> List(MailFact fact) => _values.GetValueOrDefault(fact.Name) is ImmutableArray<string> texts ? texts : [];

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (name, value) in _values)
        {
            json.WritePropertyName(name);
            switch (value)
            {
                case string text: json.WriteStringValue(text); break;
                case double number: json.WriteNumberValue(number); break;
                case bool flag: json.WriteBooleanValue(flag); break;
                case ImmutableArray<string> texts:
                    json.WriteStartArray();
                    foreach (var text in texts) json.WriteStringValue(text);
                    json.WriteEndArray();
                    break;
            }
        }
        json.WriteEndObject();
    }

    /// <summary>Facts that this version does not know, or knows as something else, are left out: a policy of this version cannot ask for them.</summary>
    public static MailFacts Read(JsonElement json)
    {
        var facts = None;
        foreach (var property in json.EnumerateObject())
        {
            if (MailFact.Find(property.Name) is not { } fact) continue;
            facts = (fact.Kind, property.Value.ValueKind) switch
            {
                (FactKind.Text or FactKind.Address, JsonValueKind.String) => facts.Set(fact, property.Value.GetString()!, fact.Kind),
                (FactKind.Number, JsonValueKind.Number) => facts.With(fact, property.Value.GetDouble()),
                (FactKind.Flag, JsonValueKind.True or JsonValueKind.False) => facts.With(fact, property.Value.GetBoolean()),
                (FactKind.List, JsonValueKind.Array) => facts.With(fact, property.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)),
                _ => facts,
            };
        }
        return facts;
    }

    /// <summary>The facts that are known, each with its value as it is told to people.</summary>
    public IEnumerable<KeyValuePair<string, string>> Told => _values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value switch
    {
        double number => number.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        ImmutableArray<string> texts => string.Join(", ", texts),
        var text => text.ToString()!,
    }));

    internal MailFacts Set(MailFact fact, object value, FactKind kind)
    {
        if (fact.Kind != kind) throw new ArgumentException($"{fact.Name} is a {fact.Kind}, not a {kind}.", nameof(fact));
        return new MailFacts(_values.SetItem(fact.Name, value));
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
