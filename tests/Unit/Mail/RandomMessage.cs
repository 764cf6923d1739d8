using System.Text;
using Merpati.Mailboxes;

namespace Merpati.Tests.Unit.Mail;

/// <summary>Writes well-formed random messages and notes where everything is: the oracle of the structure tests.</summary>
internal sealed class RandomMessage
{
    private readonly Random _random;
    private readonly MemoryStream _octets = new();
    private readonly string _break;
    private int _boundaries;

    private RandomMessage(int seed)
    {
        _random = new Random(seed);
        _break = _random.Next(4) == 0 ? "\n" : "\r\n";
    }

    public static (byte[] Octets, BodyPart Root) Make(int seed)
    {
        var message = new RandomMessage(seed);
        var root = message.WriteEntity(depth: 0, isMessage: true);
        return (message._octets.ToArray(), root);
    }

    private BodyPart WriteEntity(int depth, bool isMessage)
    {
        var header = _octets.Length;
        if (isMessage) Line($"Subject: {Name()}");
        if (_random.Next(3) == 0) Line($"X-{Name()}: {Name()}{_break}\t{Name()}");
        return (depth < 5 ? _random.Next(4) : 3) switch
        {
            0 or 1 when depth < 4 => WriteMultipart(header, depth),
            2 => WriteMessage(header, depth),
            _ => WriteLeaf(header),
        };
    }

    private BodyPart WriteMultipart(long header, int depth)
    {
        // One is often the beginning of another.
        var boundary = "=_" + new string('x', ++_boundaries);
        Line($"Content-Type: multipart/mixed;{_break} boundary=\"{boundary}\"");
        Line("");
        var body = _octets.Length;
        if (_random.Next(2) == 0) Line(Word() + _break + "--" + Word());
        var children = new List<BodyPart>();
        for (var count = _random.Next(1, 5); count > 0; count--)
        {
            Line("--" + boundary + (_random.Next(8) == 0 ? " \t" : ""));
            children.Add(WriteEntity(depth + 1, isMessage: false));
            Line("");
        }
        Text("--" + boundary + "--");
        if (_random.Next(2) == 0) Text(_break + "epilogue --" + boundary);
        return Part("multipart", "mixed", header, body) with { Children = children };
    }

    private BodyPart WriteMessage(long header, int depth)
    {
        Line("Content-Type: message/rfc822");
        Line("");
        var body = _octets.Length;
        var child = WriteEntity(depth + 1, isMessage: true);
        return Part("message", "rfc822", header, body) with { Children = [child], Envelope = new MessageEnvelope() };
    }

    private BodyPart WriteLeaf(long header)
    {
        var type = _random.Next(2) == 0 ? "plain" : "html";
        Line($"Content-Type: text/{type}");
        Line("");
        var body = _octets.Length;
        for (var lines = _random.Next(5); lines > 0; lines--) Line(_random.Next(5) == 0 ? "--" + Word() : Word());
        // Longer than any buffer, now and then.
        if (_random.Next(20) == 0) Line(new string('y', _random.Next(40_000)));
        if (_random.Next(2) == 0) Text(Word());
        return Part("text", type, header, body);
    }

    private BodyPart Part(string type, string subtype, long header, long body) => new()
    {
        Type = type,
        Subtype = subtype,
        HeaderOffset = header,
        BodyOffset = body,
        BodyLength = _octets.Length - body,
        Lines = _octets.GetBuffer().AsSpan((int)body, (int)(_octets.Length - body)).Count((byte)'\n'),
    };

    private string Name() => new((char)('a' + _random.Next(26)), _random.Next(1, 12));

    private string Word() => Name() + (_random.Next(6) == 0 ? "\r-" : "");

    private void Line(string text) => Text(text + _break);

    private void Text(string text) => _octets.Write(Encoding.Latin1.GetBytes(text));
}
