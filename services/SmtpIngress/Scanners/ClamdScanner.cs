using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Merpati.Mail.Policy;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>
/// ClamAV: <c>zINSTREAM</c>, pieces with their length before them, a piece of no length, and one answer that ends in NUL. clamd answers early when a message is larger than
/// its StreamMaxLength, and closes while we still send: the answer is read whatever became of the sending.
/// </summary>
internal sealed class ClamdScanner(ScannerOptions options) : IContentScanner
{
    private const int PieceSize = 64 * 1024;
    private const int MaxAnswer = 4096;

    private readonly ScannerSocket _socket = ScannerSocket.TryParse(options.Address, out var socket) ? socket : throw new ArgumentException("The address is none.", nameof(options));

    public ScannerOptions Options => options;

    public async ValueTask<ScanAnswer> ScanAsync(ScannedMessage message, CancellationToken cancellationToken)
    {
        var connection = await _socket.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = connection.ConfigureAwait(false);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(message, connection, answered.Token);
        try { return Read(await ReadAnswerAsync(connection, cancellationToken).ConfigureAwait(false)); }
        finally
        {
            await answered.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ScanAnswer Read(string answer)
    {
        // "stream: Eicar-Test-Signature FOUND", of old clamd with the port in it.
        var said = answer.Split(": ", 2) is [_, var rest] ? rest : answer;
        if (said == "OK") return new ScanAnswer(options.Name, "clean");
        if (said.EndsWith(" FOUND", StringComparison.Ordinal)) return new ScanAnswer(options.Name, "virus") { Asks = PolicyAction.Reject, Reply = "5.7.1 The message carries malware", Viruses = [said[..^" FOUND".Length]] };
        return answer.StartsWith("INSTREAM size limit exceeded", StringComparison.Ordinal)
            ? new ScanAnswer(options.Name, ScanAnswer.TooBig) { Asks = ScannerOptions.AsAction(options.WhenTooBig) }
            : throw new InvalidDataException($"clamd says '{answer}'.");
    }

    private static async Task SendAsync(ScannedMessage message, NetworkStream connection, CancellationToken cancellationToken)
    {
        var content = await message.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var closing = content.ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(sizeof(uint) + PieceSize);
        try
        {
            await connection.WriteAsync("zINSTREAM\0"u8.ToArray(), cancellationToken).ConfigureAwait(false);
            int length;
            do
            {
                length = await content.ReadAsync(buffer.AsMemory(sizeof(uint), PieceSize), cancellationToken).ConfigureAwait(false);
                BinaryPrimitives.WriteInt32BigEndian(buffer, length);
                await connection.WriteAsync(buffer.AsMemory(0, sizeof(uint) + length), cancellationToken).ConfigureAwait(false);
            }
            while (length > 0);
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private static async Task<string> ReadAnswerAsync(NetworkStream connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxAnswer];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await connection.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            var end = buffer.AsSpan(length, read).IndexOf((byte)0);
            if (end >= 0) return Encoding.UTF8.GetString(buffer, 0, length + end);
            length += read;
            if (read == 0) throw new EndOfStreamException("clamd closed the connection without an answer.");
        }
        throw new InvalidDataException("The answer of clamd has no end.");
    }
}
