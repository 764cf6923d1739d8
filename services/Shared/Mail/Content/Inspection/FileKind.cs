using System.Text;

namespace Merpati.Mail.Content;

/// <summary>What a file is by its first octets.</summary>
internal enum FileKind
{
    Unknown,
    Executable,
    Shortcut,
    Script,
    Archive,
    Rar,
    SevenZip,
    Zip,
    Ole,
    Pdf,
    Rtf,
    Image,
    Html,
}

/// <summary>Recognises files by their first octets, and says what names and media types promise.</summary>
internal static class FileKinds
{
    /// <summary>Octets from the beginning that are looked at.</summary>
    public const int Head = 1024;

    public static FileKind Of(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("MZ"u8) && head.Contains((byte)0) || head.StartsWith("\x7f"u8) && head[1..].StartsWith("ELF"u8) || IsMachO(head)) return FileKind.Executable;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0])) return FileKind.Shortcut;
        if (head.StartsWith("#!"u8)) return FileKind.Script;
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8)) return FileKind.Zip;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) return FileKind.Ole;
        if (head.StartsWith("Rar!"u8)) return FileKind.Rar;
        if (head.StartsWith(SevenZipNames.Mark)) return FileKind.SevenZip;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) || head.StartsWith("MSCF"u8) || head.StartsWith((ReadOnlySpan<byte>)[0xfd, 0x37, 0x7a, 0x58, 0x5a])) return FileKind.Archive;
        // Readers take a PDF whose beginning stands within the first kilobyte.
        if (head.IndexOf("%PDF-"u8) >= 0) return FileKind.Pdf;
        if (head.StartsWith(@"{\rt"u8)) return FileKind.Rtf;
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4e, 0x47]) || head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]) || head.StartsWith("GIF8"u8) || head.StartsWith("BM"u8) && head.Length > 14 && !head[6..10].ContainsAnyExcept((byte)0) || head.StartsWith("RIFF"u8) && head.Length > 12 && head[8..].StartsWith("WEBP"u8)) return FileKind.Image;
        var text = Encoding.Latin1.GetString(head).TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        string[] beginnings = ["<!doctype html", "<html", "<script", "<head", "<body", "<iframe", "<svg"];
        return beginnings.Any(beginning => text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase)) ? FileKind.Html : FileKind.Unknown;
    }

    /// <summary>It is a program, or a shortcut to one. A script with its first line is what people send each other to read.</summary>
    public static bool Runs(FileKind kind) => kind is FileKind.Executable or FileKind.Shortcut;

    /// <summary>Name or media type promise something, and it is clearly something else.</summary>
    public static bool Differ(FileKind kind, string extension, string mediaType) => kind != FileKind.Unknown && Promised(extension, mediaType) is { Length: > 0 } promised && !promised.Contains(kind);

    /// <summary>What a file may be that is called so; empty when nobody can say.</summary>
    private static FileKind[] Promised(string extension, string mediaType) => extension switch
    {
        "pdf" => [FileKind.Pdf],
        "png" or "jpg" or "jpeg" or "gif" or "bmp" or "webp" => [FileKind.Image],
        // Office opens each of these under any of the names, and so it is met.
        "doc" or "dot" or "xls" or "xlt" or "ppt" or "pps" => [FileKind.Ole, FileKind.Rtf, FileKind.Zip, FileKind.Html],
        "docx" or "xlsx" or "pptx" or "docm" or "xlsm" or "pptm" => [FileKind.Zip, FileKind.Ole],
        "odt" or "ods" or "odp" or "zip" => [FileKind.Zip],
        "rar" => [FileKind.Rar],
        "7z" => [FileKind.SevenZip],
        "rtf" => [FileKind.Rtf],
        "txt" or "csv" or "log" => [FileKind.Html, FileKind.Rtf, FileKind.Script],
        "" when mediaType.StartsWith("image/", StringComparison.Ordinal) && mediaType != "image/svg+xml" => [FileKind.Image],
        "" when mediaType == "application/pdf" => [FileKind.Pdf],
        _ => [],
    };

    private static bool IsMachO(ReadOnlySpan<byte> head)
        => head.Length >= 4 && (head[..4].SequenceEqual((ReadOnlySpan<byte>)[0xfe, 0xed, 0xfa, 0xce]) || head[..4].SequenceEqual((ReadOnlySpan<byte>)[0xfe, 0xed, 0xfa, 0xcf]) || head[..4].SequenceEqual((ReadOnlySpan<byte>)[0xce, 0xfa, 0xed, 0xfe])
            || head[..4].SequenceEqual((ReadOnlySpan<byte>)[0xcf, 0xfa, 0xed, 0xfe]) || head[..4].SequenceEqual((ReadOnlySpan<byte>)[0xca, 0xfe, 0xba, 0xbe]));
}
