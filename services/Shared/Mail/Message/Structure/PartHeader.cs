using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>What the MIME header of a part says, with RFC 2045's answers where it says nothing or nonsense.</summary>
internal static class PartHeader
{
    /// <summary>RFC 2046 §5.1.1 has 70; longer ones are met, endless ones are not taken.</summary>
    private const int MaxBoundary = 400;

    private static readonly BodyParameter[] UsAscii = [new("charset", "us-ascii")];

    /// <summary>The default of RFC 2045 §5.2.</summary>
    public static BodyPart PlainText { get; } = new() { Type = "text", Subtype = "plain", Parameters = UsAscii };

    /// <summary>What a part becomes that we do not look into.</summary>
    public static BodyPart Opaque { get; } = new() { Type = "application", Subtype = "octet-stream" };

    /// <summary>The part without offsets and children.</summary>
    /// <param name="inDigest">In multipart/digest the default is message/rfc822 (RFC 2046 §5.1.5).</param>
    public static BodyPart Read(HeaderFields header, bool inDigest)
    {
        var part = ReadType(header.NonEmpty(HeaderField.ContentType), inDigest) with
        {
            Encoding = ReadEncoding(header.NonEmpty(HeaderField.ContentTransferEncoding)),
            Id = header.NonEmpty(HeaderField.ContentId),
            Description = header.NonEmpty(HeaderField.ContentDescription),
            Location = header.NonEmpty(HeaderField.ContentLocation),
            Md5 = header.NonEmpty(HeaderField.ContentMd5),
        };
        if (header.NonEmpty(HeaderField.ContentLanguage) is { } languages) part = part with { Languages = ReadLanguages(languages) };
        if (header.NonEmpty(HeaderField.ContentDisposition) is { } disposition)
        {
            var parameters = ParameterReader.Read(disposition, out var kind);
            if (kind.Length > 0) part = part with { Disposition = kind, DispositionParameters = parameters };
        }
        return part;
    }

    /// <summary>The boundary of a multipart; null when it has none that can be found.</summary>
    public static string? Boundary(BodyPart part)
        => part.Parameters.FirstOrDefault(p => p.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase))?.Value.TrimEnd(' ', '\t') is { Length: > 0 and <= MaxBoundary } boundary ? boundary : null;

    private static BodyPart ReadType(string? contentType, bool inDigest)
    {
        if (contentType is null) return inDigest ? new BodyPart { Type = "message", Subtype = "rfc822" } : PlainText;
        var parameters = ParameterReader.Read(contentType, out var value);
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var type = (slash < 0 ? value : value[..slash]).Trim().ToLowerInvariant();
        var subtype = slash < 0 ? "" : value[(slash + 1)..].Trim().ToLowerInvariant();
        // "text" alone is met; its family tells what is meant.
        if (subtype.Length == 0) subtype = type switch { "text" => "plain", "multipart" => "mixed", "application" => "octet-stream", _ => "" };
        return IsToken(type) && IsToken(subtype) ? new BodyPart { Type = type, Subtype = subtype, Parameters = parameters } : PlainText;
    }

    private static string ReadEncoding(string? encoding)
    {
        if (encoding is null) return "7bit";
        _ = ParameterReader.Read(encoding, out var value);
        value = value.Trim('"').ToLowerInvariant();
        return IsToken(value) ? value : "7bit";
    }

    private static IReadOnlyList<string> ReadLanguages(string languages)
        => [.. languages.Split(',', 50, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(tag => { _ = ParameterReader.Read(tag, out var value); return value; })
            .Where(value => value.Length > 0)];

    /// <summary>token of RFC 2045 §5.1.</summary>
    private static bool IsToken(string text)
    {
        if (text.Length is 0 or > 127) return false;
        foreach (var c in text)
        {
            if (c is <= ' ' or >= (char)0x7f or '(' or ')' or '<' or '>' or '@' or ',' or ';' or ':' or '\\' or '"' or '/' or '[' or ']' or '?' or '=') return false;
        }
        return true;
    }
}
