using System.Buffers;

namespace Merpati.Protocols.Smtp;

/// <summary>
/// The sender's side of transparency (RFC 5321 §4.5.2): a dot before every dot that begins a line. Takes the input in pieces cut anywhere.
/// </summary>
public sealed class DotEncoder
{
    // How much of CRLF the text ends with; a message begins at the beginning of a line.
    private int _matched = 2;

    public void Encode(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        while (!input.IsEmpty)
        {
            if (_matched == 2 && input[0] == (byte)'.') output.Write("."u8);
            var end = _matched switch
            {
                1 when input[0] == (byte)'\n' => 1,
                _ => input.IndexOf("\r\n"u8) is >= 0 and var at ? at + 2 : input.Length,
            };
            var line = input[..end];
            output.Write(line);
            _matched = (line[^1], line.Length) switch
            {
                ((byte)'\n', 1) => _matched == 1 ? 2 : 0,
                ((byte)'\n', _) => line[^2] == (byte)'\r' ? 2 : 0,
                ((byte)'\r', _) => 1,
                _ => 0,
            };
            input = input[end..];
        }
    }

    /// <summary>The end of the message, with the CRLF that the text may lack.</summary>
    public void Complete(IBufferWriter<byte> output)
        => output.Write(_matched == 2 ? ".\r\n"u8 : "\r\n.\r\n"u8);
}
