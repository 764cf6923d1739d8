using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace Merpati.TestKit.Scanners;

/// <summary>
/// A filter that speaks the milter protocol as a test says, written down from the protocol's own description and with nothing of the engine under test.
/// It answers each command by what <see cref="On"/> has for it, and continues otherwise.
/// </summary>
public sealed class ScriptedFilter : IAsyncDisposable
{
    private readonly Dictionary<char, Func<string, IEnumerable<byte[]>>> _answers = [];
    private readonly ScriptedServer _server;

    public ScriptedFilter(uint actions = 0x1ff, uint steps = 0, uint version = 6)
    {
        On('O', _ => [Packet('O', [.. Number(version), .. Number(actions), .. Number(steps)])]);
        _server = new ScriptedServer(ServeAsync);
    }

    public string Address => _server.Address;

    /// <summary>What it heard, command and data as Latin-1 with NUL as a bar.</summary>
    public ConcurrentQueue<string> Heard { get; } = [];

    public IEnumerable<string> HeardOf(char command) => Heard.Where(one => one[0] == command).Select(one => one[1..]);

    public static byte[] Packet(char command, params ReadOnlySpan<byte> data) => [.. Number((uint)data.Length + 1), (byte)command, .. data];

    /// <summary>Texts, each with its NUL.</summary>
    public static byte[] Texts(char command, params string[] texts) => Packet(command, [.. texts.SelectMany(text => Encoding.UTF8.GetBytes(text).Append((byte)0))]);

    public static byte[] Numbered(char command, uint number, params string[] texts) => Packet(command, [.. Number(number), .. texts.SelectMany(text => Encoding.UTF8.GetBytes(text).Append((byte)0))]);

    public static byte[] Number(uint number)
    {
        var octets = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(octets, number);
        return octets;
    }

    public ScriptedFilter On(char command, params byte[][] packets) => On(command, _ => packets);

    /// <param name="answer">The packets for the data of the command; an empty one closes the connection, none at all keeps silent.</param>
    public ScriptedFilter On(char command, Func<string, IEnumerable<byte[]>> answer)
    {
        _answers[command] = answer;
        return this;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(NetworkStream stream, CancellationToken stop)
    {
        var header = new byte[5];
        while (true)
        {
            await stream.ReadExactlyAsync(header, stop);
            var data = new byte[BinaryPrimitives.ReadUInt32BigEndian(header) - 1];
            await stream.ReadExactlyAsync(data, stop);
            var command = (char)header[4];
            var text = Encoding.Latin1.GetString(data).Replace('\0', '|');
            Heard.Enqueue(command + text);
            if (command == 'Q') return;
            if (command is 'D' or 'A' && !_answers.ContainsKey(command)) continue;
            foreach (var packet in _answers.TryGetValue(command, out var answer) ? answer(text) : [Packet('c')])
            {
                if (packet.Length == 0) return;
                await stream.WriteAsync(packet, stop);
            }
        }
    }
}
