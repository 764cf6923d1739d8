using System.Buffers;

namespace Merpati.Mail.Auth;

/// <summary>What signatures are made over: the header of a message, and the hash of its body. Read in one pass for any number of signatures.</summary>
public sealed class MessageDigest
{
    private MessageDigest(IReadOnlyList<RawField> fields, Canonicalization body, byte[] bodyHash) => (Fields, Body, BodyHash) = (fields, body, bodyHash);

    internal IReadOnlyList<RawField> Fields { get; }

    internal Canonicalization Body { get; }

    internal byte[] BodyHash { get; }

    /// <summary>The values of the fields with this name, top first, as they stand (folding included).</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Values(string name) => Fields.Where(field => field.Is(name)).Select(field => field.Octets[field.ValueStart..]);

    /// <param name="message">As it will travel, with what was put before it; read to its end, and left open.</param>
    public static async ValueTask<MessageDigest> ReadAsync(Stream message, Canonicalization body, CancellationToken cancellationToken)
    {
        var header = new HeaderCollector(int.MaxValue);
        using var hash = new BodyHash(body);
        var buffer = ArrayPool<byte>.Shared.Rent(65_536);
        try
        {
            int read;
            while ((read = await message.ReadAsync(buffer, cancellationToken)) > 0)
            {
                var ofHeader = header.IsComplete ? 0 : header.Write(buffer.AsSpan(0, read));
                hash.Append(buffer.AsSpan(ofHeader, read - ofHeader));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return new MessageDigest(RawHeader.Fields(header.Octets), body, hash.Complete());
    }
}
