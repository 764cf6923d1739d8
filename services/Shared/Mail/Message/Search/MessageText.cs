using System.Runtime.CompilerServices;
using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>Opens a range of a message's content; the reader disposes the stream.</summary>
public delegate ValueTask<Stream> OpenContent(long offset, long length, CancellationToken cancellationToken);

/// <summary>A piece of the text of a message.</summary>
/// <param name="Begins">False where it continues the piece before.</param>
public readonly record struct SearchedText(ReadOnlyMemory<char> Text, bool InHeader, bool Begins);

/// <summary>
/// What a person can search in a message: its header fields and its text, decoded. Reads no more than it needs, keeps what is small,
/// streams what is not. For one message and one search; not thread-safe.
/// </summary>
/// <param name="trace">The headers before the content; they are part of the message.</param>
/// <param name="length">Octets of the content.</param>
public sealed class MessageText(MessageStructure structure, ReadOnlyMemory<byte> trace, long length, OpenContent open)
{
    /// <summary>A content up to this size is read at once, then searched in memory.</summary>
    private const int SmallContent = 64 * 1024;

    /// <summary>Octets of one header that are searched.</summary>
    private const int MaxHeader = 256 * 1024;

    private byte[]? _content;
    private IReadOnlyList<HeaderLine>? _fields;

    /// <summary>The field exists and one instance of it contains the text; for an empty text it is enough that it exists (RFC 3501 §6.4.4 HEADER).</summary>
    public async ValueTask<bool> HasFieldAsync(string name, string text, CancellationToken cancellationToken)
    {
        var match = new TextMatch(text);
        foreach (var field in await FieldsAsync(cancellationToken))
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && match.IsIn(field.Value)) return true;
        }
        return false;
    }

    /// <summary>The text stands in the header or the body.</summary>
    public async ValueTask<bool> ContainsAsync(string text, CancellationToken cancellationToken)
    {
        var match = new TextMatch(text);
        foreach (var field in await FieldsAsync(cancellationToken))
        {
            if (match.IsIn($"{field.Name}: {field.Value}")) return true;
        }
        return await BodyContainsAsync(text, cancellationToken);
    }

    /// <summary>The text stands in a text part, or in the header of a part or an attached message.</summary>
    public async ValueTask<bool> BodyContainsAsync(string text, CancellationToken cancellationToken)
        => text.Length == 0 || await ContainsAsync(structure.Root, new TextMatch(text), cancellationToken);

    /// <summary>
    /// All that <see cref="ContainsAsync(string, CancellationToken)"/> looks through, the header first, then what <see cref="BodyContainsAsync"/> does. Each piece is valid until the next is asked for.
    /// </summary>
    public async IAsyncEnumerable<SearchedText> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var field in await FieldsAsync(cancellationToken)) yield return new SearchedText($"{field.Name}: {field.Value}".AsMemory(), InHeader: true, Begins: true);
        await foreach (var text in ReadAsync(structure.Root, cancellationToken)) yield return text;
    }

    private async IAsyncEnumerable<SearchedText> ReadAsync(BodyPart part, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(part, structure.Root) && part.HeaderLength > 0)
        {
            foreach (var field in await ReadFieldsAsync(part, cancellationToken)) yield return new SearchedText(field.Value.AsMemory(), InHeader: false, Begins: true);
        }
        foreach (var child in part.Children)
        {
            await foreach (var text in ReadAsync(child, cancellationToken)) yield return text;
        }
        if (!IsText(part)) yield break;
        await using var body = await OpenAsync(part.BodyOffset, part.BodyLength, cancellationToken);
        var begins = true;
        await foreach (var piece in PartText.ReadAsync(part, body, cancellationToken))
        {
            yield return new SearchedText(piece, InHeader: false, begins);
            begins = false;
        }
    }

    private static bool IsText(BodyPart part) => part.Children.Count == 0 && part.Type is ("text" or "message") && part.BodyLength > 0;

    private async ValueTask<bool> ContainsAsync(BodyPart part, TextMatch match, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(part, structure.Root) && part.HeaderLength > 0)
        {
            foreach (var field in await ReadFieldsAsync(part, cancellationToken))
            {
                if (match.IsIn(field.Value)) return true;
            }
        }
        foreach (var child in part.Children)
        {
            if (await ContainsAsync(child, match, cancellationToken)) return true;
        }
        if (!IsText(part)) return false;
        await using var body = await OpenAsync(part.BodyOffset, part.BodyLength, cancellationToken);
        return await match.IsInAsync(PartText.ReadAsync(part, body, cancellationToken), cancellationToken);
    }

    private async ValueTask<IReadOnlyList<HeaderLine>> FieldsAsync(CancellationToken cancellationToken)
        => _fields ??= [.. Decode(HeaderBlock.Fields(trace.Span)), .. await ReadFieldsAsync(structure.Root, cancellationToken)];

    private async ValueTask<IReadOnlyList<HeaderLine>> ReadFieldsAsync(BodyPart part, CancellationToken cancellationToken)
    {
        var octets = new byte[Math.Min(part.HeaderLength, MaxHeader)];
        await using var header = await OpenAsync(part.HeaderOffset, octets.Length, cancellationToken);
        var read = await header.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken);
        return [.. Decode(HeaderBlock.Fields(octets.AsSpan(0, read)))];
    }

    private static IEnumerable<HeaderLine> Decode(IReadOnlyList<HeaderLine> fields) => fields.Select(field => field with { Value = HeaderText.Decode(field.Name, field.Value) });

    private async ValueTask<Stream> OpenAsync(long offset, long count, CancellationToken cancellationToken)
    {
        if (length > SmallContent) return await open(offset, count, cancellationToken);
        if (_content is null)
        {
            var content = new byte[length];
            await using var whole = await open(0, length, cancellationToken);
            await whole.ReadExactlyAsync(content, cancellationToken);
            _content = content;
        }
        return new MemoryStream(_content, (int)offset, (int)count, writable: false);
    }
}
