using System.Text.Json;
using System.Text.Json.Serialization;
using Merpati.Mailboxes;

namespace Merpati.Bus.Mailboxes;

/// <summary>A <see cref="MailboxChanged"/> on the wire. Readers ignore fields that they do not know; none may change its meaning.</summary>
internal sealed record ChangeMessage(string Account, string? Mailbox, long ModSeq, string? TraceParent)
{
    public static byte[] Write(MailboxChanged change, string? traceParent)
        => JsonSerializer.SerializeToUtf8Bytes(new ChangeMessage(change.Account.ToString(), change.Mailbox?.ToString(), change.ModSeq.Value, traceParent), ChangeJson.Default.ChangeMessage);

    /// <exception cref="JsonException">These octets are none.</exception>
    public static (MailboxChanged Change, string? TraceParent) Read(ReadOnlySpan<byte> body)
    {
        var message = JsonSerializer.Deserialize(body, ChangeJson.Default.ChangeMessage) ?? throw new JsonException("null is no change.");
        if (!Guid.TryParseExact(message.Account, "N", out var account)) throw new JsonException("There is no account.");
        MailboxId? mailbox = null;
        if (message.Mailbox is not null) mailbox = Guid.TryParseExact(message.Mailbox, "N", out var id) ? new MailboxId(id) : throw new JsonException("The mailbox is no id.");
        return (new MailboxChanged(new AccountId(account), mailbox, new ModSeq(message.ModSeq)), message.TraceParent);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangeMessage))]
internal sealed partial class ChangeJson : JsonSerializerContext;
