using System.Text.Json;
using Merpati.Mail.Policy;
using Merpati.Queueing;

namespace Merpati.Cli.Commands.Policies;

internal static class Capsules
{
    /// <summary>Null for one of a version that says more than this one understands.</summary>
    public static DecisionCapsule? Read(string queueId, DateTimeOffset at, JsonElement decision)
    {
        if (!QueueId.TryParse(queueId, out var id)) return null;
        try { return DecisionCapsule.FromJson(id, at, decision.GetRawText()); }
        catch (JsonException) { return null; }
    }
}
