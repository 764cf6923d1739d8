using System.Buffers;
using System.Text;
using System.Text.Json;
using Merpati.Addresses;
using Merpati.Queueing;

namespace Merpati.Mail.Policy;

/// <summary>
/// What a verdict was made of, small enough to keep for every message: with the policy of that version it gives the same verdict again, bit for bit,
/// and with another policy the verdict that this one would have given.
/// </summary>
/// <param name="Policy">The version of the policy.</param>
public sealed record DecisionCapsule(QueueId QueueId, DateTimeOffset At, string Policy, MailFacts Facts, PolicyVerdict Verdict)
{
    /// <summary>The facts and the verdict as JSON; the id and the time are kept beside it.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("policy", Policy);
        json.WritePropertyName("facts");
        Facts.Write(json);
        json.WriteStartObject("verdict");
        json.WriteString("action", Verdict.Action.Name());
        json.WriteString("rule", Verdict.Rule);
        if (Verdict.Reply is { } reply) json.WriteString("reply", reply);
        if (Verdict.To is { } to) json.WriteString("to", to.ToString());
        json.WriteNumber("score", Verdict.Score);
        Write(json, "tags", Verdict.Tags);
        Write(json, "evidence", Verdict.Evidence);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="JsonException">It is no capsule.</exception>
    public static DecisionCapsule FromJson(QueueId id, DateTimeOffset at, string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        try
        {
            var verdict = root.GetProperty("verdict");
            var action = PolicyWords.Action(verdict.GetProperty("action").GetString() ?? "") ?? throw new JsonException("The capsule names an action that is not known.");
            return new DecisionCapsule(id, at, root.GetProperty("policy").GetString() ?? "", MailFacts.Read(root.GetProperty("facts")),
                new PolicyVerdict(action, verdict.GetProperty("rule").GetString() ?? "", verdict.TryGetProperty("reply", out var reply) ? reply.GetString() : null, verdict.GetProperty("score").GetDouble(),
                    Texts(verdict, "tags"), Texts(verdict, "evidence"))
                {
                    To = verdict.TryGetProperty("to", out var to) && EmailAddress.TryParse(to.GetString() ?? "", out var address) ? address : null,
                });
        }
        catch (Exception fault) when (fault is KeyNotFoundException or InvalidOperationException) { throw new JsonException("The capsule is not whole.", fault); }
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static List<string> Texts(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? "")];
}
