using System.Buffers;
using Merpati.Protocols.Smtp;

namespace Merpati.Fuzz;

/// <summary>The decoder gives the same however its input is cut, never gives more than it got, and undoes the encoder.</summary>
internal static class DotDecoding
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var whole = Decode(input, input.Length, out var wholeConsumed, out var complete);
        var step = input.IsEmpty ? 1 : (input[0] % 7) + 1;
        var pieces = Decode(input, step, out var consumed, out var piecesComplete);
        if (!whole.AsSpan().SequenceEqual(pieces) || wholeConsumed != consumed || complete != piecesComplete) throw new InvalidOperationException("Cuts matter.");
        if (complete && !input[..consumed].EndsWith("\r\n.\r\n"u8) && !input[..consumed].SequenceEqual(".\r\n"u8)) throw new InvalidOperationException("Something else than CRLF.CRLF ended the message.");
        if (!complete && input.IndexOf("\r\n.\r\n"u8) >= 0) throw new InvalidOperationException("CRLF.CRLF did not end the message.");

        var wire = new ArrayBufferWriter<byte>();
        var encoder = new DotEncoder();
        for (var rest = input; !rest.IsEmpty; rest = rest[Math.Min(step, rest.Length)..]) encoder.Encode(rest[..Math.Min(step, rest.Length)], wire);
        encoder.Complete(wire);
        var back = Decode(wire.WrittenSpan, wire.WrittenCount, out var taken, out var ended);
        if (!ended || taken != wire.WrittenCount) throw new InvalidOperationException("An encoded message does not end where it ends.");
        if (!back.AsSpan(0, input.Length).SequenceEqual(input)) throw new InvalidOperationException("What was encoded did not come back.");

        var guard = new LineGuard();
        guard.Watch(input);
        guard.Complete();
        var bare = false;
        for (var i = 0; i < input.Length; i++)
        {
            if (input[i] == (byte)'\n') bare |= i == 0 || input[i - 1] != (byte)'\r';
            if (input[i] == (byte)'\r') bare |= i + 1 == input.Length || input[i + 1] != (byte)'\n';
        }
        if (guard.HasBareLineBreak != bare) throw new InvalidOperationException("The guard and a plain look disagree about bare line breaks.");
    }

    private static byte[] Decode(ReadOnlySpan<byte> input, int step, out int consumed, out bool complete)
    {
        var decoder = new DotDecoder();
        var text = new ArrayBufferWriter<byte>();
        consumed = 0;
        while (consumed < input.Length && !decoder.IsComplete)
        {
            var piece = input.Slice(consumed, Math.Min(step, input.Length - consumed));
            decoder.Decode(piece, text.GetSpan(piece.Length + 1), out var taken, out var written);
            text.Advance(written);
            consumed += taken;
        }
        complete = decoder.IsComplete;
        return text.WrittenSpan.ToArray();
    }
}
