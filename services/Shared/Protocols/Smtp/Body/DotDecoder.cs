namespace Merpati.Protocols.Smtp;

/// <summary>
/// Undoes the transparency of DATA (RFC 5321 §4.5.2): a dot that begins a line is dropped, and a line of one dot ends the message.
/// Only CRLF.CRLF is an end; LF.LF, CR.CR and their relatives are text (CVE-2023-51764 and others: SMTP smuggling).
/// Takes the input in pieces cut anywhere.
/// </summary>
public sealed class DotDecoder
{
    private State _state = State.LineStart; // the CRLF of the DATA command is the first line's beginning

    private enum State
    {
        Text,

        /// <summary>After CR in the text, which was given out already.</summary>
        Cr,

        LineStart,

        /// <summary>After a dot at the beginning of a line, dropped.</summary>
        Dot,

        /// <summary>After CR behind such a dot, held back.</summary>
        DotCr,

        Complete,
    }

    /// <summary>The end of the message was read; what follows is a command.</summary>
    public bool IsComplete => _state == State.Complete;

    /// <summary>Decodes as much as there is, up to the end of the message.</summary>
    /// <param name="output">At least one octet longer than the input, for a CR that was held back.</param>
    /// <param name="consumed">All of the input, or up to the end of the message.</param>
    public void Decode(ReadOnlySpan<byte> input, Span<byte> output, out int consumed, out int written)
    {
        if (output.Length <= input.Length) throw new ArgumentException("The output is too short.", nameof(output));
        consumed = 0;
        written = 0;
        while (consumed < input.Length && _state != State.Complete)
        {
            var next = input[consumed];
            switch (_state)
            {
                case State.Text:
                    var rest = input[consumed..];
                    var stuffed = rest.IndexOf("\r\n."u8);
                    var text = stuffed < 0 ? rest : rest[..(stuffed + 2)];
                    text.CopyTo(output[written..]);
                    written += text.Length;
                    consumed += stuffed < 0 ? text.Length : text.Length + 1;
                    if (stuffed >= 0) _state = State.Dot;
                    else if (text[^1] == (byte)'\r') _state = State.Cr;
                    else if (text.EndsWith("\r\n"u8)) _state = State.LineStart;
                    break;
                case State.Cr when next == (byte)'\n':
                    output[written++] = next;
                    consumed++;
                    _state = State.LineStart;
                    break;
                case State.LineStart when next == (byte)'.':
                    consumed++;
                    _state = State.Dot;
                    break;
                case State.Dot when next == (byte)'\r':
                    consumed++;
                    _state = State.DotCr;
                    break;
                case State.DotCr when next == (byte)'\n':
                    consumed++;
                    _state = State.Complete;
                    break;
                case State.DotCr:
                    output[written++] = (byte)'\r';
                    _state = State.Text;
                    break;
                default:
                    _state = State.Text;
                    break;
            }
        }
    }
}
