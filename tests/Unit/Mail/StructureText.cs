using System.Globalization;
using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Tests.Unit.Mail;

/// <summary>A structure as lines that a person can check.</summary>
internal static class StructureText
{
    public static string Of(MessageStructure structure)
    {
        var text = new StringBuilder();
        Write(text, structure.Envelope, "");
        if (structure.References.Count > 0) text.Append("references ").AppendJoin(' ', structure.References).Append('\n');
        if (structure.SentDate is { } sent) text.Append(CultureInfo.InvariantCulture, $"sent {sent:O}\n");
        if (structure.Preview.Length > 0) text.Append("preview ").Append(structure.Preview).Append('\n');
        Write(text, structure.Root, "");
        return text.ToString();
    }

    private static void Write(StringBuilder text, BodyPart part, string indent)
    {
        text.Append(CultureInfo.InvariantCulture, $"{indent}{part.Type}/{part.Subtype} header {part.HeaderOffset}+{part.HeaderLength} body {part.BodyOffset}+{part.BodyLength} lines {part.Lines} {part.Encoding}");
        foreach (var parameter in part.Parameters) text.Append(CultureInfo.InvariantCulture, $" {parameter.Name}=[{parameter.Value}]");
        Item("id", part.Id);
        Item("description", part.Description);
        Item("md5", part.Md5);
        Item("location", part.Location);
        Item("disposition", part.Disposition);
        foreach (var parameter in part.DispositionParameters) text.Append(CultureInfo.InvariantCulture, $" {parameter.Name}=[{parameter.Value}]");
        if (part.Languages.Count > 0) text.Append(" languages ").AppendJoin(' ', part.Languages);
        text.Append('\n');
        if (part.Envelope is not null) Write(text, part.Envelope, indent + "  ");
        foreach (var child in part.Children) Write(text, child, indent + "  ");

        void Item(string name, string? value)
        {
            if (value is not null) text.Append(CultureInfo.InvariantCulture, $" {name} [{value}]");
        }
    }

    private static void Write(StringBuilder text, MessageEnvelope envelope, string indent)
    {
        Line("date", envelope.Date);
        Line("subject", envelope.Subject);
        Addresses("from", envelope.From);
        if (!ReferenceEquals(envelope.Sender, envelope.From)) Addresses("sender", envelope.Sender);
        if (!ReferenceEquals(envelope.ReplyTo, envelope.From)) Addresses("reply-to", envelope.ReplyTo);
        Addresses("to", envelope.To);
        Addresses("cc", envelope.Cc);
        Addresses("bcc", envelope.Bcc);
        Line("in-reply-to", envelope.InReplyTo);
        Line("message-id", envelope.MessageId);

        void Line(string name, string? value)
        {
            if (value is not null) text.Append(CultureInfo.InvariantCulture, $"{indent}{name} [{value}]\n");
        }

        void Addresses(string name, IReadOnlyList<EnvelopeAddress> addresses)
        {
            foreach (var a in addresses)
                text.Append(CultureInfo.InvariantCulture, $"{indent}{name} ({a.Name ?? "NIL"} | {a.Route ?? "NIL"} | {a.Mailbox ?? "NIL"} | {a.Host ?? "NIL"})\n");
        }
    }
}
