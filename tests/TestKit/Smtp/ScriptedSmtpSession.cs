using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Merpati.TestKit.Smtp;

/// <summary>One connection of a <see cref="ScriptedSmtpServer"/>. Written from the RFCs and independent of our engines: octets and lines, Latin-1.</summary>
internal sealed class ScriptedSmtpSession(ScriptedSmtpServer server, Socket socket, int number) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly List<string> _recipients = [];
    private readonly MemoryStream _chunks = new();
    private Stream _stream = new NetworkStream(socket, ownsSocket: true);
    private int _start;
    private int _end;
    private int _transactions;
    private string? _mail;
    private bool _tls;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        socket.NoDelay = true;
        if (server.ImplicitTls && !await ShakeHandsAsync(cancellationToken)) return;
        if (!await AnswerAsync(ScriptedSmtpServer.Greeting, "220 mx.example.test ESMTP scripted", cancellationToken)) return;
        while (await LineAsync(cancellationToken) is { } line)
        {
            if (!await ExecuteAsync(line, cancellationToken)) return;
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        socket.Dispose();
    }

    private async Task<bool> ExecuteAsync(string line, CancellationToken cancellationToken)
    {
        var verb = line.Split(' ', ':')[0].ToUpperInvariant();
        switch (verb)
        {
            case "EHLO" or "LHLO":
                Reset();
                return await AnswerAsync(line, verb == (server.Lmtp ? "LHLO" : "EHLO") ? Hello() : "500 5.5.1 unknown", cancellationToken);
            case "STARTTLS" when server.Certificate is not null || server.HandshakeOctets is not null:
                return (await TellAsync(line, "220 2.0.0 go ahead", cancellationToken)).Text is { } begins && (!begins.StartsWith("220", StringComparison.Ordinal) || await ShakeHandsAsync(cancellationToken));
            case "AUTH":
                return await AuthAsync(line, cancellationToken);
            case "MAIL":
                _transactions++;
                if ((await TellAsync(line, "250 2.1.0 sender ok", cancellationToken)).Text is not { } mail) return false;
                if (mail[0] == '2') _mail = line;
                return true;
            case "RCPT":
                if ((await TellAsync(line, _mail is null ? "503 5.5.1 MAIL first" : "250 2.1.5 recipient ok", cancellationToken)).Text is not { } recipient) return false;
                if (recipient[0] == '2') _recipients.Add(line);
                return true;
            case "DATA":
                return await DataAsync(line, cancellationToken);
            case "BDAT":
                return await BdatAsync(line, cancellationToken);
            case "RSET":
                Reset();
                return await AnswerAsync(line, "250 2.0.0 reset", cancellationToken);
            case "QUIT":
                await AnswerAsync(line, "221 2.0.0 bye", cancellationToken);
                return false;
            default:
                return await AnswerAsync(line, verb is "HELO" or "NOOP" ? "250 mx.example.test" : "500 5.5.1 unknown", cancellationToken);
        }
    }

    private string Hello()
    {
        List<string> keywords = [.. server.Keywords, .. _tls ? server.KeywordsInTls : []];
        if (!_tls && (server.Certificate is not null || server.HandshakeOctets is not null)) keywords.Add("STARTTLS");
        if (server.Login is not null) keywords.Add("AUTH PLAIN");
        string[] lines = ["mx.example.test", .. keywords];
        return string.Join("\r\n", lines.Select((text, i) => (i < lines.Length - 1 ? "250-" : "250 ") + text));
    }

    private async Task<bool> AuthAsync(string line, CancellationToken cancellationToken)
    {
        var wanted = server.Login is var (user, password) ? "AUTH PLAIN " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{user}\0{password}")) : null;
        return await AnswerAsync(line, line == wanted ? "235 2.7.0 welcome" : "535 5.7.8 no", cancellationToken);
    }

    private async Task<bool> DataAsync(string line, CancellationToken cancellationToken)
    {
        var (answer, said) = await TellAsync(line, _recipients.Count == 0 ? "554 5.5.1 no valid recipients" : "354 go on", cancellationToken);
        if (said is null) return false;
        if (said[0] != '3') return true;
        using var wire = new MemoryStream();
        using var text = new MemoryStream();
        while (true)
        {
            if (answer?.ClosesAfterOctets is { } limit)
            {
                while (wire.Length < limit && await OctetAsync(cancellationToken) is { } octet) wire.WriteByte(octet);
                if (answer.LastWords is { } words) await SendAsync(words + "\r\n", null, cancellationToken);
                if (answer.LastWords is not null) await DrainAsync(cancellationToken);
                return false;
            }
            var row = await RawLineAsync(cancellationToken);
            if (row is null) return false;
            await wire.WriteAsync(row, cancellationToken);
            if (row.AsSpan().SequenceEqual(".\r\n"u8)) break;
            await text.WriteAsync(row[0] == '.' ? row.AsMemory(1) : row, cancellationToken);
        }
        return await EndAsync(text.ToArray(), wire.ToArray(), cancellationToken);
    }

    private async Task<bool> BdatAsync(string line, CancellationToken cancellationToken)
    {
        var words = line.Split(' ');
        var left = int.Parse(words[1], CultureInfo.InvariantCulture);
        var last = words.Length > 2;
        var special = server.Decide(new ScriptedCommand(number, line, null, _transactions));
        if (special?.ClosesAfterOctets is { } limit) left = limit;
        for (; left > 0; left--)
        {
            if (await OctetAsync(cancellationToken) is not { } octet) return false;
            _chunks.WriteByte(octet);
        }
        if (special?.ClosesAfterOctets is not null) return false;
        if (special is not null) return await GiveAsync(special, cancellationToken);
        if (!last) return await SendAsync("250 2.0.0 chunk ok\r\n", null, cancellationToken);
        return await EndAsync(_chunks.ToArray(), _chunks.ToArray(), cancellationToken);
    }

    /// <summary>The verdict or, of LMTP, the verdicts; what is refused for all is not recorded.</summary>
    private async Task<bool> EndAsync(byte[] octets, byte[] wire, CancellationToken cancellationToken)
    {
        var message = new ScriptedMessage(number, _mail ?? "", [.. _recipients], octets, wire, _tls);
        Reset();
        var taken = false;
        var goesOn = true;
        IReadOnlyList<string?> verdicts = server.Lmtp ? [.. message.RcptTo] : [null];
        foreach (var recipient in verdicts)
        {
            var answer = server.Decide(new ScriptedCommand(number, ScriptedSmtpServer.EndOfText, recipient, _transactions)) ?? ScriptedAnswer.Say("250 2.0.0 taken");
            // What a client does not hear may have been taken all the same: such is the world.
            taken |= answer.Text is null || answer.Text.StartsWith('2');
            if (taken && !server.Lmtp) server.Take(message);
            if (!await GiveAsync(answer, cancellationToken))
            {
                goesOn = false;
                break;
            }
        }
        if (taken && server.Lmtp) server.Take(message);
        return goesOn;
    }

    private async Task<bool> AnswerAsync(string line, string ordinary, CancellationToken cancellationToken) => (await TellAsync(line, ordinary, cancellationToken)).Text is not null;

    /// <summary>What was said; null when the connection is over.</summary>
    private async Task<(ScriptedAnswer? Special, string? Text)> TellAsync(string line, string ordinary, CancellationToken cancellationToken)
    {
        var special = server.Decide(new ScriptedCommand(number, line, null, _transactions));
        var answer = special ?? ScriptedAnswer.Say(ordinary);
        return (special, await GiveAsync(answer, cancellationToken) ? answer.Text is { Length: > 0 } text ? text : "(nothing)" : null);
    }

    private async Task<bool> GiveAsync(ScriptedAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Text is { } text)
        {
            do
            {
                if (!await SendAsync(text + "\r\n", answer.Interval, cancellationToken)) return false;
            }
            while (answer.Endless);
        }
        return !answer.Closes;
    }

    private async Task<bool> SendAsync(string text, TimeSpan? interval, CancellationToken cancellationToken)
    {
        var octets = text.Any(c => c > 0xff) ? Encoding.UTF8.GetBytes(text) : Encoding.Latin1.GetBytes(text);
        if (interval is null)
        {
            await _stream.WriteAsync(octets, cancellationToken);
            return true;
        }
        for (var i = 0; i < octets.Length; i++)
        {
            await _stream.WriteAsync(octets.AsMemory(i, 1), cancellationToken);
            await Task.Delay(interval.Value, cancellationToken);
        }
        return true;
    }

    private async Task<bool> ShakeHandsAsync(CancellationToken cancellationToken)
    {
        if (server.HandshakeOctets is { } octets)
        {
            await _stream.WriteAsync(octets, cancellationToken);
            return false;
        }
        var tls = new SslStream(_stream);
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(server.Certificate!, server.Intermediates, offline: true) }, cancellationToken);
        }
        catch (AuthenticationException) { return false; }
        (_stream, _tls, _start, _end) = (tls, true, 0, 0);
        server.ServerName = tls.TargetHostName;
        return true;
    }

    private void Reset()
    {
        _mail = null;
        _recipients.Clear();
        _chunks.SetLength(0);
    }

    private async Task<string?> LineAsync(CancellationToken cancellationToken)
        => await RawLineAsync(cancellationToken) is { } row ? Encoding.UTF8.GetString(row).TrimEnd('\r', '\n') : null;

    /// <summary>Up to and with CRLF: a bare LF ends nothing. Null at the end of the connection.</summary>
    private async Task<byte[]?> RawLineAsync(CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var take = at < 0 ? _end - _start : at + 1;
            await line.WriteAsync(_buffer.AsMemory(_start, take), cancellationToken);
            _start += take;
            if (at >= 0 && line.Length > 1 && line.GetBuffer()[line.Length - 2] == '\r') return line.ToArray();
            if (_start == _end && !await FillAsync(cancellationToken)) return null;
        }
    }

    private async Task<byte?> OctetAsync(CancellationToken cancellationToken)
        => _start < _end || await FillAsync(cancellationToken) ? _buffer[_start++] : null;

    /// <summary>Reads what the client still sends, so that the close does not overtake our words.</summary>
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        socket.Shutdown(SocketShutdown.Send);
        while (await FillAsync(cancellationToken)) { }
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _start = 0;
        _end = await _stream.ReadAsync(_buffer, cancellationToken);
        return _end > 0;
    }
}
