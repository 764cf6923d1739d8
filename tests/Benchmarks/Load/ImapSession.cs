using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Load;

/// <summary>A logged-in IMAP connection.</summary>
internal sealed class ImapSession(MailConnection connection) : IAsyncDisposable
{
    private int _tag;
    private bool _resynchronises;
    private long _uidValidity;
    private long _modSeq;

    /// <summary>EXISTS of the selected mailbox.</summary>
    public int Messages { get; private set; }

    public MailConnection Connection => connection;

    public static async Task<ImapSession> LogInAsync(IPEndPoint server, bool tls, string login, string password, CancellationToken cancellationToken)
    {
        var connection = await MailConnection.OpenAsync(server, tls, cancellationToken);
        try
        {
            await connection.ReadLineAsync(cancellationToken);
            var session = new ImapSession(connection);
            await session.CommandAsync($"LOGIN {login} {password}", cancellationToken);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async ValueTask CommandAsync(string command, CancellationToken cancellationToken, Action<string>? onUntagged = null)
    {
        var tag = NextTag();
        await connection.SendAsync($"{tag} {command}\r\n", cancellationToken);
        await connection.ReadToTagAsync(tag, cancellationToken, onUntagged);
    }

    public ValueTask SelectAsync(CancellationToken cancellationToken) => CommandAsync("SELECT INBOX", cancellationToken, line =>
    {
        if (line.EndsWith(" EXISTS", StringComparison.Ordinal)) Messages = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    });

    /// <summary>SELECT as a client does that was away for 100 changes (RFC 7162 §3.2.5).</summary>
    public async ValueTask ResynchroniseAsync(CancellationToken cancellationToken)
    {
        if (!_resynchronises)
        {
            await CommandAsync("ENABLE QRESYNC", cancellationToken);
            await CommandAsync("SELECT INBOX", cancellationToken, Note);
            _resynchronises = true;
        }
        await CommandAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT INBOX (QRESYNC ({_uidValidity} {Math.Max(1, _modSeq - 100)}))"), cancellationToken, Note);

        void Note(string line)
        {
            if (NumberAfter(line, "[UIDVALIDITY ") is { } validity) _uidValidity = validity;
            if (NumberAfter(line, "[HIGHESTMODSEQ ") is { } modSeq) _modSeq = modSeq;
        }
    }

    private static long? NumberAfter(string line, string word)
    {
        var at = line.IndexOf(word, StringComparison.Ordinal);
        return at < 0 ? null : long.Parse(line.AsSpan(at + word.Length, line.IndexOf(']', at) - at - word.Length), CultureInfo.InvariantCulture);
    }

    /// <summary>MESSAGES of INBOX, as STATUS tells it.</summary>
    public async ValueTask<int> CountAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        await CommandAsync("STATUS INBOX (MESSAGES)", cancellationToken, line =>
        {
            var at = line.IndexOf("(MESSAGES ", StringComparison.Ordinal);
            if (at >= 0) count = int.Parse(line.AsSpan(at + 10, line.IndexOf(')', at) - at - 10), CultureInfo.InvariantCulture);
        });
        return count;
    }

    /// <summary>APPEND with a synchronizing literal, which every server takes.</summary>
    public async ValueTask AppendAsync(byte[] message, CancellationToken cancellationToken)
    {
        var tag = NextTag();
        await connection.SendAsync(string.Create(CultureInfo.InvariantCulture, $"{tag} APPEND INBOX {{{message.Length}}}\r\n"), cancellationToken);
        string line;
        do line = await connection.ReadLineAsync(cancellationToken);
        while (line.StartsWith('*'));
        if (!line.StartsWith('+')) throw new InvalidOperationException($"The server said: {line}");
        await connection.SendAsync((byte[])[.. message, .. "\r\n"u8], cancellationToken);
        await connection.ReadToTagAsync(tag, cancellationToken);
    }

    /// <summary>Begins IDLE and leaves the session in it.</summary>
    public async ValueTask IdleAsync(CancellationToken cancellationToken)
    {
        await connection.SendAsync($"{NextTag()} IDLE\r\n", cancellationToken);
        string line;
        do line = await connection.ReadLineAsync(cancellationToken);
        while (line.StartsWith('*'));
        if (!line.StartsWith('+')) throw new InvalidOperationException($"The server said: {line}");
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private string NextTag() => "a" + (++_tag).ToString(CultureInfo.InvariantCulture);
}
