using System.Buffers.Binary;
using System.Text;

namespace Merpati.Protocols.Milter;

/// <summary>What a filter says of a step (SMFIR_*).</summary>
public abstract record MilterReply
{
    private MilterReply() { }

    public sealed record Continue : MilterReply;

    /// <summary>It wants to see no more of the message, which is fine with it.</summary>
    public sealed record Accept : MilterReply;

    /// <summary>It wants to see no more of the body, but its end.</summary>
    public sealed record Skip : MilterReply;

    /// <summary>The message, or the recipient, is refused (5yz).</summary>
    public sealed record Reject : MilterReply;

    /// <summary>The message, or the recipient, is refused for now (4yz).</summary>
    public sealed record TemporaryFailure : MilterReply;

    /// <summary>The message is to go nowhere, and its sender to believe that it was taken.</summary>
    public sealed record Discard : MilterReply;

    /// <summary>A refusal in the filter's own words.</summary>
    /// <param name="Code">400 to 599.</param>
    /// <param name="Enhanced">As <c>5.7.1</c>; null when it said none.</param>
    /// <param name="Text">One line.</param>
    public sealed record Refuse(int Code, string? Enhanced, string Text) : MilterReply;

    /// <summary>It is alive and wants more time.</summary>
    public sealed record Progress : MilterReply;

    /// <summary>At the end of the message: something is to be changed.</summary>
    public sealed record Change(MilterChange What) : MilterReply;

    /// <summary>The terms of the negotiation.</summary>
    public sealed record Terms(ReadOnlyMemory<byte> Data) : MilterReply;

    /// <exception cref="MilterException">It is no reply.</exception>
    public static MilterReply Parse(MilterPacket packet)
    {
        var data = packet.Data.Span;
        return (char)packet.Command switch
        {
            'c' => new Continue(),
            'a' => new Accept(),
            's' => new Skip(),
            'r' => new Reject(),
            't' => new TemporaryFailure(),
            'd' => new Discard(),
            'p' => new Progress(),
            'y' => ParseRefusal(ReadText(ref data)),
            'f' => throw new MilterException("The filter gave the connection up."),
            '4' => throw new MilterException("The filter shuts down."),
            'O' => new Terms(packet.Data),
            'h' => new Change(new MilterChange.AddHeader(ReadOctets(ref data), ReadOctets(ref data))),
            'i' => new Change(new MilterChange.InsertHeader(ReadNumber(ref data), ReadOctets(ref data), ReadOctets(ref data))),
            'm' => new Change(new MilterChange.ChangeHeader(ReadNumber(ref data), ReadOctets(ref data), ReadOctets(ref data))),
            '+' => new Change(new MilterChange.AddRecipient(ReadText(ref data), null)),
            '2' => new Change(new MilterChange.AddRecipient(ReadText(ref data), data.IsEmpty ? null : ReadText(ref data))),
            '-' => new Change(new MilterChange.DeleteRecipient(ReadText(ref data))),
            'e' => new Change(new MilterChange.ChangeFrom(ReadText(ref data), data.IsEmpty ? null : ReadText(ref data))),
            'b' => new Change(new MilterChange.ReplaceBody(packet.Data)),
            'q' => new Change(new MilterChange.Quarantine(ReadText(ref data))),
            _ => throw new MilterException($"The filter says 0x{packet.Command:x2}, which is no reply."),
        };
    }

    private static Refuse ParseRefusal(string text)
    {
        // Of several lines the first one tells.
        var line = text.Split(['\r', '\n'], 2)[0];
        if (line.Length < 3 || line[0] is not ('4' or '5') || !char.IsAsciiDigit(line[1]) || !char.IsAsciiDigit(line[2]) || (line.Length > 3 && line[3] is not (' ' or '-')))
            throw new MilterException("The filter's reply has no code of 4yz or 5yz.");
        var rest = line.Length > 4 ? line[4..] : "";
        var word = rest.Split(' ', 2);
        var enhanced = word[0].Split('.') is [{ Length: 1 } kind, { Length: >= 1 and <= 3 } subject, { Length: >= 1 and <= 3 } detail] && kind[0] == line[0] && subject.All(char.IsAsciiDigit) && detail.All(char.IsAsciiDigit) ? word[0] : null;
        return new Refuse(int.Parse(line.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture), enhanced, enhanced is null ? rest : word.Length > 1 ? word[1] : "");
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> data)
    {
        if (data.Length < sizeof(uint)) throw new MilterException("A reply of the filter lacks its number.");
        var number = BinaryPrimitives.ReadUInt32BigEndian(data);
        data = data[sizeof(uint)..];
        // Where a place is named, one beyond the last field means "behind it".
        return (int)Math.Min(number, int.MaxValue);
    }

    private static string ReadText(ref ReadOnlySpan<byte> data) => Encoding.UTF8.GetString(ReadOctets(ref data).Span);

    private static ReadOnlyMemory<byte> ReadOctets(ref ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)0);
        if (end < 0) throw new MilterException("A text in a reply of the filter has no end.");
        var octets = data[..end].ToArray();
        data = data[(end + 1)..];
        return octets;
    }
}

/// <summary>What a filter wants to be changed.</summary>
public abstract record MilterChange
{
    private MilterChange() { }

    /// <summary>What it needs to have negotiated.</summary>
    public abstract MilterActions Needs { get; }

    /// <summary>A field more, at the end of the header.</summary>
    /// <param name="Value">Folded with LF, without the blank after the colon unless <see cref="MilterSteps.LeadingSpace"/> holds.</param>
    public sealed record AddHeader(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value) : MilterChange
    {
        public override MilterActions Needs => MilterActions.AddHeaders;
    }

    /// <param name="Index">How many fields of the message stand above it; 0 for the top.</param>
    /// <param name="Value">As in <see cref="AddHeader"/>.</param>
    public sealed record InsertHeader(int Index, ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value) : MilterChange
    {
        public override MilterActions Needs => MilterActions.AddHeaders;
    }

    /// <param name="Index">Which of the fields of that name, from 1; one that is not there is added.</param>
    /// <param name="Value">Empty deletes the field.</param>
    public sealed record ChangeHeader(int Index, ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value) : MilterChange
    {
        public override MilterActions Needs => MilterActions.ChangeHeaders;
    }

    /// <param name="Path">With or without angle brackets.</param>
    /// <param name="Parameters">ESMTP parameters; null for none.</param>
    public sealed record AddRecipient(string Path, string? Parameters) : MilterChange
    {
        public override MilterActions Needs => Parameters is null ? MilterActions.AddRecipients : MilterActions.AddRecipientsWithParameters;
    }

    public sealed record DeleteRecipient(string Path) : MilterChange
    {
        public override MilterActions Needs => MilterActions.DeleteRecipients;
    }

    public sealed record ChangeFrom(string Path, string? Parameters) : MilterChange
    {
        public override MilterActions Needs => MilterActions.ChangeFrom;
    }

    /// <summary>The next octets of the new body; the first of them throws the old one away.</summary>
    public sealed record ReplaceBody(ReadOnlyMemory<byte> Octets) : MilterChange
    {
        public override MilterActions Needs => MilterActions.ChangeBody;
    }

    public sealed record Quarantine(string Reason) : MilterChange
    {
        public override MilterActions Needs => MilterActions.Quarantine;
    }
}
