using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.TestKit;

/// <summary>A server's side of one connection, as the transcript starts it.</summary>
public delegate ValueTask ServeConnection(ITransport transport, SessionLifetime lifetime);

/// <summary>
/// Runs scripts that read as the protocol does against a session in memory. One line of a script is one of:
/// <code>
/// C: text        the client sends the text and CRLF
/// C> raw\r\n     the client sends exactly this; escapes \r \n \t \0 \xHH \\ ; no CRLF is added
/// S: text        the server's next line is exactly this
/// S~ regex       the server's next line matches; named groups are remembered, and ${name} stands for them further on
/// S> raw         the server's next octets are exactly these (escapes as above)
/// * starttls     the client does the TLS handshake
/// * close        the client closes its sending half
/// * closed       the server has nothing more to say and closes
/// * drain        the server is asked to drain
/// * advance 5:00 the clock moves on, minutes and seconds
/// # comment      ignored, as blank lines are
/// </code>
/// A digit after the letter (<c>C2: </c>, <c>S2: </c>, <c>* closed 2</c>) speaks for another connection, opened at its first use.
/// </summary>
public sealed partial class Transcript(ServeConnection serve, TransportSettings? settings = null, FakeTimeProvider? time = null) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<int, Connection> _connections = [];
    private readonly Dictionary<string, string> _captured = new(StringComparer.Ordinal);
    private readonly StringBuilder _dialogue = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly CancellationTokenSource _aborted = new();

    public static async Task RunAsync(ServeConnection serve, string script, TransportSettings? settings = null, FakeTimeProvider? time = null)
    {
        await using var transcript = new Transcript(serve, settings, time);
        await transcript.RunAsync(script);
    }

    /// <summary>Goes on where the last script ended.</summary>
    public async Task RunAsync(string script)
    {
        var number = 0;
        foreach (var raw in script.Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            if (line.TrimStart() is not { Length: > 0 } text || text[0] == '#') continue;
            try { await RunLineAsync(text); }
            catch (Exception fault) when (fault is not TranscriptException)
            {
                throw new TranscriptException($"Line {number.ToString(CultureInfo.InvariantCulture)}: {text}\n{fault.Message}\nThe dialogue so far:\n{_dialogue}", fault);
            }
        }
    }

    /// <summary>The client's end of a connection, for what a script cannot say.</summary>
    public ITransport Client(int connection = 1) => Open(connection).Client;

    /// <summary>The server's end.</summary>
    public PipeTransport Server(int connection = 1) => Open(connection).Server;

    /// <summary>Waits until the session of the connection has ended, and rethrows what it threw.</summary>
    public Task SessionEndAsync(int connection = 1) => Open(connection).Session.WaitAsync(Patience);

    /// <summary>What a named group of an <c>S~</c> line matched last.</summary>
    public string Captured(string name) => _captured[name];

    /// <summary>Everything that the server sends until it closes.</summary>
    public Task<string> ReadToEndAsync(int connection = 1) => Open(connection).ReadToEndAsync();

    public async ValueTask DisposeAsync()
    {
        await _aborted.CancelAsync();
        foreach (var connection in _connections.Values)
        {
            await connection.Client.CloseAsync();
            try { await connection.Session.WaitAsync(Patience); }
            catch (OperationCanceledException) { }
        }
        _draining.Dispose();
        _aborted.Dispose();
    }

    private async Task RunLineAsync(string text)
    {
        if (text.StartsWith("* ", StringComparison.Ordinal))
        {
            await DirectAsync(text[2..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            return;
        }
        var step = StepPattern().Match(text);
        if (!step.Success) throw new FormatException("Neither C: nor S: nor a directive.");
        var connection = Open(step.Groups["n"].Length == 0 ? 1 : int.Parse(step.Groups["n"].ValueSpan, CultureInfo.InvariantCulture));
        var content = _captured.Aggregate(step.Groups["text"].Value, (current, pair) => current.Replace("${" + pair.Key + "}", pair.Value, StringComparison.Ordinal));
        _dialogue.AppendLine(CultureInfo.InvariantCulture, $"{step.Groups["who"].Value}{step.Groups["n"].Value}{step.Groups["how"].Value} {content}");
        switch (step.Groups["who"].Value + step.Groups["how"].Value)
        {
            case "C:": await connection.SendAsync(Encoding.UTF8.GetBytes(content + "\r\n")); break;
            case "C>": await connection.SendAsync(Unescape(content)); break;
            case "S:":
                var line = await connection.ReadLineAsync();
                if (line != content) throw new FormatException($"expected: {content}\n but got: {line ?? "the end of the connection"}");
                break;
            case "S~":
                var actual = await connection.ReadLineAsync();
                var match = Regex.Match(actual ?? "", $"^(?:{content})$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
                if (actual is null || !match.Success) throw new FormatException($"expected a match of: {content}\n but got: {actual ?? "the end of the connection"}");
                foreach (var group in match.Groups.Values.Where(group => !int.TryParse(group.Name, out _))) _captured[group.Name] = group.Value;
                break;
            case "S>":
                var wanted = Unescape(content);
                var octets = await connection.ReadOctetsAsync(wanted.Length);
                if (!octets.AsSpan().SequenceEqual(wanted)) throw new FormatException($"expected: {content}\n but got: {Encoding.Latin1.GetString(octets)}");
                break;
            default: throw new FormatException("A client sends (C: or C>), a server is expected to (S:, S~ or S>).");
        }
    }

    private async Task DirectAsync(string[] words)
    {
        _dialogue.AppendLine(CultureInfo.InvariantCulture, $"* {string.Join(' ', words)}");
        if (words[0] == "advance")
        {
            await SessionsWaitAsync();
            (time ?? throw new FormatException("The transcript was started without a clock.")).Advance(ParseSpan(words[1]));
            return;
        }
        var connection = Open(words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 1);
        switch (words[0])
        {
            case "starttls": await connection.Client.UpgradeToTlsAsync(_aborted.Token); break;
            case "close": await connection.Client.CloseOutputAsync(); break;
            case "closed":
                if (await connection.ReadLineAsync() is { } more) throw new FormatException($"expected the end of the connection\n but got: {more}");
                break;
            case "drain": await _draining.CancelAsync(); break;
            default: throw new FormatException("No such directive.");
        }
    }

    private Connection Open(int number)
    {
        if (_connections.TryGetValue(number, out var open)) return open;
        var (server, client) = PipeTransport.CreatePair(settings);
        var connection = new Connection(client, server, ServeAsync(server));
        _connections.Add(number, connection);
        return connection;
    }

    /// <summary>A session that is still on its way to its timer would miss the moment.</summary>
    private async Task SessionsWaitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!_connections.Values.All(connection => connection.Waits || connection.Session.IsCompleted)) await Task.Delay(1, patience.Token);
    }

    private async Task ServeAsync(PipeTransport server)
    {
        await Task.Yield();
        try { await serve(server, new SessionLifetime(_draining.Token, _aborted.Token)); }
        finally { await server.CloseAsync(); }
    }

    private static TimeSpan ParseSpan(string minutesAndSeconds)
    {
        var fields = minutesAndSeconds.Split(':');
        return TimeSpan.FromSeconds((60 * int.Parse(fields[0], CultureInfo.InvariantCulture)) + int.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    private static byte[] Unescape(string text)
    {
        var octets = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                var literal = text.AsSpan(i);
                var length = literal.IndexOf('\\') is var at and >= 0 ? at : literal.Length;
                octets.AddRange(Encoding.UTF8.GetBytes(text, i, length));
                i += length - 1;
                continue;
            }
            if (++i == text.Length) throw new FormatException("A backslash escapes nothing.");
            if (text[i] != 'x')
            {
                octets.Add(text[i] switch { 'r' => (byte)'\r', 'n' => (byte)'\n', 't' => (byte)'\t', '0' => 0, '\\' => (byte)'\\', var other => throw new FormatException($"No such escape: \\{other}") });
                continue;
            }
            octets.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            i += 2;
        }
        return [.. octets];
    }

    [GeneratedRegex("^(?<who>[CS])(?<n>[0-9]?)(?<how>[:~>]) ?(?<text>.*)$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex StepPattern();

    private sealed class Connection(PipeTransport client, PipeTransport server, Task session)
    {
        private long _sent;

        public PipeTransport Client => client;

        public PipeTransport Server => server;

        public Task Session => session;

        /// <summary>The session has taken all that was sent, and waits for more.</summary>
        public bool Waits => server.Seen == _sent && server.IsWaiting;

        public async Task SendAsync(ReadOnlyMemory<byte> octets)
        {
            _sent += octets.Length;
            using var patience = new CancellationTokenSource(Patience);
            await client.Output.WriteAsync(octets, patience.Token);
        }

        /// <summary>Null at the end of the connection.</summary>
        public async Task<string?> ReadLineAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            while (true)
            {
                var read = await client.Input.ReadAsync(patience.Token);
                if (read.Buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = Encoding.UTF8.GetString(read.Buffer.Slice(0, end));
                    client.Input.AdvanceTo(read.Buffer.GetPosition(1, end));
                    return line.EndsWith('\r') ? line[..^1] : throw new FormatException($"The server's line ends in a bare LF: {line}");
                }
                client.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (!read.IsCompleted) continue;
                return read.Buffer.IsEmpty ? null : throw new FormatException($"The server closed in the middle of a line: {Encoding.UTF8.GetString(read.Buffer)}");
            }
        }

        public async Task<byte[]> ReadOctetsAsync(int count)
        {
            using var patience = new CancellationTokenSource(Patience);
            var read = await client.Input.ReadAtLeastAsync(count, patience.Token);
            var octets = read.Buffer.Slice(0, Math.Min(count, read.Buffer.Length));
            var copy = octets.ToArray();
            client.Input.AdvanceTo(octets.End);
            return copy;
        }

        public async Task<string> ReadToEndAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            var all = new StringBuilder();
            while (true)
            {
                var read = await client.Input.ReadAsync(patience.Token);
                all.Append(Encoding.Latin1.GetString(read.Buffer));
                client.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return all.ToString();
            }
        }
    }
}

/// <summary>The dialogue did not go as the script says.</summary>
public sealed class TranscriptException(string message, Exception cause) : Exception(message, cause);
