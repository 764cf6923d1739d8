using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Merpati.TestKit;

/// <summary>
/// A client's side of a mail protocol on a real socket, as plain as can be: what it sends and what it gets are the test's own bytes.
/// Text is Latin-1, so that every octet comes through.
/// </summary>
public sealed class MailWire : IAsyncDisposable
{
    private static readonly ReadOnlyMemory<byte> CrLf = "\r\n"u8.ToArray();

    private readonly TcpClient _client;
    private Stream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    private MailWire(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
    }

    /// <summary>How long any one answer may take.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(60);

    public static async Task<MailWire> ConnectAsync(int port, bool tls = false)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        var wire = new MailWire(client);
        if (tls) await wire.StartTlsAsync();
        return wire;
    }

    public async Task StartTlsAsync()
    {
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        _stream = tls;
        _start = _end = 0;
    }

    public Task SendAsync(string line) => SendAsync(Encoding.Latin1.GetBytes(line + "\r\n"));

    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        using var limit = new CancellationTokenSource(Patience);
        await _stream.WriteAsync(octets, limit.Token);
        await _stream.FlushAsync(limit.Token);
    }

    /// <summary>The next line without its CRLF; null at the end of the connection.</summary>
    public async Task<string?> LineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (at >= 0)
            {
                line.Append(Encoding.Latin1.GetString(_buffer, _start, at));
                _start += at + 1;
                if (line.Length > 0 && line[^1] == '\r') line.Length--;
                return line.ToString();
            }
            line.Append(Encoding.Latin1.GetString(_buffer, _start, _end - _start));
            if (!await FillAsync()) return line.Length > 0 ? line.ToString() : null;
        }
    }

    public async Task<byte[]> OctetsAsync(int count)
    {
        var octets = new byte[count];
        for (var done = 0; done < count;)
        {
            if (_start == _end && !await FillAsync()) throw new EndOfStreamException();
            var take = Math.Min(count - done, _end - _start);
            _buffer.AsSpan(_start, take).CopyTo(octets.AsSpan(done));
            _start += take;
            done += take;
        }
        return octets;
    }

    /// <summary>An SMTP reply, all lines joined by LF; empty when the peer closed.</summary>
    public async Task<string> SmtpReplyAsync()
    {
        var reply = new StringBuilder();
        while (await LineAsync() is { } line)
        {
            if (reply.Length > 0) reply.Append('\n');
            reply.Append(line);
            if (line.Length < 4 || line[3] != '-') break;
        }
        return reply.ToString();
    }

    public async Task<string> SmtpAsync(string command)
    {
        await SendAsync(command);
        return await SmtpReplyAsync();
    }

    /// <summary>Sends a message that is already complete with its CRLFs: dot-stuffs it, ends it, and gives the reply.</summary>
    public async Task<string> SmtpDataAsync(byte[] message)
    {
        using var wire = new MemoryStream(message.Length + 1024);
        var atLineStart = true;
        foreach (var octet in message)
        {
            if (atLineStart && octet == '.') wire.WriteByte((byte)'.');
            wire.WriteByte(octet);
            atLineStart = octet == '\n';
        }
        wire.Write(".\r\n"u8);
        await SendAsync(wire.ToArray());
        return await SmtpReplyAsync();
    }

    /// <summary>An IMAP command and all lines up to its tagged answer; literals stand in the lines as they came.</summary>
    public async Task<IReadOnlyList<string>> ImapAsync(string command)
    {
        var tag = "t" + Guid.NewGuid().ToString("N")[..6];
        await SendAsync($"{tag} {command}");
        var lines = new List<string>();
        while (true)
        {
            var line = await ImapLineAsync() ?? throw new EndOfStreamException("The server closed in the middle of: " + command);
            lines.Add(line.StartsWith(tag + " ", StringComparison.Ordinal) ? line[(tag.Length + 1)..] : line);
            if (line.StartsWith(tag + " ", StringComparison.Ordinal)) return lines;
        }
    }

    /// <summary>A line of an IMAP server with the literals in it: <c>{5}\r\nhello</c>.</summary>
    public async Task<string?> ImapLineAsync()
    {
        var whole = new StringBuilder();
        while (true)
        {
            var line = await LineAsync();
            if (line is null) return whole.Length > 0 ? whole.ToString() : null;
            whole.Append(line);
            var open = line.LastIndexOf('{');
            if (open < 0 || !line.EndsWith('}') || !int.TryParse(line.AsSpan(open + 1, line.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var length)) return whole.ToString();
            whole.Append("\r\n").Append(Encoding.Latin1.GetString(await OctetsAsync(length)));
        }
    }

    /// <summary>The octets of the one literal in the answer to a FETCH of a single message.</summary>
    public async Task<byte[]> ImapFetchLiteralAsync(string command)
    {
        var answer = (await ImapAsync(command)).First(line => line.Contains(" FETCH ", StringComparison.Ordinal));
        var open = answer.IndexOf('{', StringComparison.Ordinal);
        var close = answer.IndexOf('}', open);
        var length = int.Parse(answer.AsSpan(open + 1, close - open - 1), CultureInfo.InvariantCulture);
        return Encoding.Latin1.GetBytes(answer.Substring(close + 3, length));
    }

    /// <summary>A POP3 multi-line answer, dots removed, line ends as CRLF.</summary>
    public async Task<byte[]> Pop3MultilineAsync(string command)
    {
        await SendAsync(command);
        var first = await LineAsync();
        if (first is null || !first.StartsWith("+OK", StringComparison.Ordinal)) throw new InvalidOperationException($"{command}: {first}");
        using var octets = new MemoryStream();
        while (await LineAsync() is { } line && line != ".")
        {
            await octets.WriteAsync(Encoding.Latin1.GetBytes(line.StartsWith('.') ? line[1..] : line));
            await octets.WriteAsync(CrLf);
        }
        return octets.ToArray();
    }

    /// <summary>Closes our sending side only.</summary>
    public void HalfClose() => _client.Client.Shutdown(SocketShutdown.Send);

    public async ValueTask DisposeAsync()
    {
        try { await _stream.DisposeAsync(); }
        catch (IOException) { }
        _client.Dispose();
    }

    private async Task<bool> FillAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        _start = 0;
        _end = 0;
        try { _end = await _stream.ReadAsync(_buffer, limit.Token); }
        catch (IOException) { return false; }
        return _end > 0;
    }
}
