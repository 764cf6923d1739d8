using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.TestKit;

/// <summary>Structures of messages that a test has in memory.</summary>
public static class Structures
{
    public static MessageStructure Of(byte[] message)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var builder = new MessageStructureBuilder();
        for (var at = 0; at < message.Length;)
        {
            var room = builder.GetMemory();
            var part = Math.Min(room.Length, message.Length - at);
            message.AsMemory(at, part).CopyTo(room);
            builder.Advance(part);
            at += part;
        }
        return builder.Complete();
    }
}
