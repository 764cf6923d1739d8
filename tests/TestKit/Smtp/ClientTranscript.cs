using System.Buffers;
using System.Globalization;
using System.Text;
using Merpati.Protocols.Smtp.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace Merpati.TestKit.Smtp;

/// <summary>
/// Plays a server to our SMTP client, by a script that reads as the protocol does. One line of a script is one of:
/// <code>
/// S: text        the server says the text and CRLF
/// S> raw\r\n     the server says exactly this; escapes \r \n \xHH \\
/// C: text        the client's next line is exactly this
/// C> raw         the client's next octets are exactly these (escapes as above)
/// * starttls     the server does its part of the handshake
/// * close        the server closes
/// * closed       the client has nothing more to say and has closed
/// # comment      ignored, as blank lines are
/// </code>
/// </summary>
public sealed class ClientTranscript
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly PipeTransport _server;

    public ClientTranscript(SmtpClientOptions? options = null, TransportSettings? settings = null, TlsFault? handshake = null, TimeProvider? time = null)
    {
        (_server, var client) = PipeTransport.CreatePair(settings);
        Transport = new PipeClientTransport(client, handshake);
        Client = new SmtpClientConnection(Transport, options ?? new SmtpClientOptions { HostName = "relay.example.org" }, time ?? TimeProvider.System, NullLogger.Instance);
    }

    public SmtpClientConnection Client { get; }

    public PipeClientTransport Transport { get; }

    /// <summary>Runs the script beside what the client does, and waits for both.</summary>
    public async Task<T> RunAsync<T>(Func<SmtpClientConnection, ValueTask<T>> act, string script)
    {
        var acting = act(Client).AsTask();
        var number = 0;
        foreach (var raw in script.Split('\n'))
        {
            number++;
            var line = raw.Trim('\r', ' ');
            if (line.Length == 0 || line[0] == '#') continue;
            try { await RunLineAsync(line); }
            catch (Exception fault)
            {
                var state = acting.IsCompletedSuccessfully ? $"The client came to: {await acting}" : acting.IsFaulted ? $"The client failed: {acting.Exception}" : "The client goes on.";
                throw new TranscriptException($"Line {number.ToString(CultureInfo.InvariantCulture)}: {line}\n{fault.Message}\n{state}", fault);
            }
        }
        return await acting.WaitAsync(Patience);
    }

    private async Task RunLineAsync(string line)
    {
        using var patience = new CancellationTokenSource(Patience);
        var content = line.Length > 3 ? line[3..] : "";
        switch (line)
        {
            case "* starttls": await _server.UpgradeToTlsAsync(patience.Token); return;
            case "* close": await _server.CloseAsync(); return;
            case "* closed":
                var rest = await _server.Input.ReadAsync(patience.Token);
                if (!rest.Buffer.IsEmpty) throw new FormatException($"expected the end of the connection\n but got: {Encoding.Latin1.GetString(rest.Buffer)}");
                return;
        }
        switch (line[..2])
        {
            case "S:": await _server.Output.WriteAsync(Encoding.UTF8.GetBytes(content + "\r\n"), patience.Token); return;
            case "S>": await _server.Output.WriteAsync(Unescape(content), patience.Token); return;
            case "C:": await ExpectAsync(Encoding.UTF8.GetBytes(content + "\r\n"), patience.Token); return;
            case "C>": await ExpectAsync(Unescape(content), patience.Token); return;
            default: throw new FormatException("Neither S: nor C: nor a directive.");
        }
    }

    private async Task ExpectAsync(byte[] wanted, CancellationToken cancellationToken)
    {
        var read = await _server.Input.ReadAtLeastAsync(wanted.Length, cancellationToken);
        var octets = read.Buffer.Slice(0, Math.Min(wanted.Length, read.Buffer.Length)).ToArray();
        if (!octets.AsSpan().SequenceEqual(wanted)) throw new FormatException($"expected: {Show(wanted)}\n but got: {Show(read.Buffer.ToArray())}");
        _server.Input.AdvanceTo(read.Buffer.GetPosition(wanted.Length));
    }

    private static string Show(byte[] octets) => octets.Length == 0 ? "the end of the connection" : Encoding.Latin1.GetString(octets).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static byte[] Unescape(string text)
    {
        var octets = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                octets.Add((byte)text[i]);
                continue;
            }
            switch (text[++i])
            {
                case 'r': octets.Add((byte)'\r'); break;
                case 'n': octets.Add((byte)'\n'); break;
                case 'x':
                    octets.Add(byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    i += 2;
                    break;
                case var other: octets.Add((byte)other); break;
            }
        }
        return [.. octets];
    }
}
