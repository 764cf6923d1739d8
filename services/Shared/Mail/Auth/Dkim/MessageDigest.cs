using System.Buffers;

namespace Merpati.Mail.Auth;

/// <summary>What signatures are made over: the header of a message, and the hash of its body. Read in one pass for any number of signatures.</summary>
public sealed class MessageDigest
{
    private MessageDigest(IReadOnlyList<RawField> fields, Canonicalization body, byte[] bodyHash) => (Fields, Body, BodyHash) = (fields, body, bodyHash);

    internal IReadOnlyList<RawField> Fields { get; }

    internal Canonicalization Body { get; }

    internal byte[] BodyHash { get; }

    /// <summary>See <see cref="ReceivedMessage.AuthorDomains"/>.</summary>
    public IReadOnlyList<string> AuthorDomains => Authors.Domains(Fields);

    /// <summary>Whether such a field is among the header fields.</summary>
    public static bool HasField(ReadOnlyMemory<byte> header, string name) => RawHeader.Fields(header).Any(field => field.Is(name));

    /// <param name="message">As it will travel; read to its end, and left open.</param>
    public static ValueTask<MessageDigest> ReadAsync(Stream message, Canonicalization body, CancellationToken cancellationToken) => ReadAsync(default, message, body, cancellationToken);

    /// <param name="prefix">Whole header fields that stand before the message.</param>
    /// <param name="message">As it will travel behind them; read to its end, and left open.</param>
    public static async ValueTask<MessageDigest> ReadAsync(ReadOnlyMemory<byte> prefix, Stream message, Canonicalization body, CancellationToken cancellationToken)
        => (await ReadIfAsync(static (_, _) => ValueTask.FromResult(true), prefix, message, body, cancellationToken))!;

    /// <summary>As <see cref="ReadAsync(ReadOnlyMemory{byte}, Stream, Canonicalization, CancellationToken)"/>; null, with the message read no further than its header, where nobody signs for its authors.</summary>
    /// <param name="wanted">Asked once, with <see cref="AuthorDomains"/>.</param>
    public static async ValueTask<MessageDigest?> ReadIfAsync(
        Func<IReadOnlyList<string>, CancellationToken, ValueTask<bool>> wanted, ReadOnlyMemory<byte> prefix, Stream message, Canonicalization body, CancellationToken cancellationToken)
    {
        IReadOnlyList<RawField>? fields = null;
        var header = new HeaderCollector(int.MaxValue);
        header.Write(prefix.Span);
        using var hash = new BodyHash(body);
        var buffer = ArrayPool<byte>.Shared.Rent(65_536);
        try
        {
            int read;
            while ((read = await message.ReadAsync(buffer, cancellationToken)) > 0)
            {
                var ofHeader = header.IsComplete ? 0 : header.Write(buffer.AsSpan(0, read));
                if (header.IsComplete && fields is null)
                {
                    fields = RawHeader.Fields(header.Octets);
                    if (!await wanted(Authors.Domains(fields), cancellationToken)) return null;
                }
                hash.Append(buffer.AsSpan(ofHeader, read - ofHeader));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (fields is null)
        {
            fields = RawHeader.Fields(header.Octets);
            if (!await wanted(Authors.Domains(fields), cancellationToken)) return null;
        }
        return new MessageDigest(fields, body, hash.Complete());
    }
}
