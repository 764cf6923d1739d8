using System.Collections.Frozen;
using System.Text;

namespace Merpati.Mail.Content;

/// <summary>What the name of a file says of it.</summary>
internal static class FileName
{
    /// <summary>What a double click runs, on Windows for the most part; without dots.</summary>
    public static readonly FrozenSet<string> Executables = new[]
    {
        "ace", "app", "appref-ms", "apk", "application", "appx", "bat", "chm", "cmd", "com", "cpl", "diagcab", "dll", "dmg", "exe", "gadget", "hlp", "hta", "img", "inf", "ins", "iso", "isp", "jar", "jnlp", "js", "jse",
        "lnk", "mde", "msc", "msi", "msix", "msp", "mst", "ocx", "pif", "ps1", "psm1", "reg", "scf", "scr", "sct", "settingcontent-ms", "shb", "shs", "sys", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "vxd", "wsc", "wsf", "wsh", "xll", "xpi",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What people open without fear.</summary>
    private static readonly FrozenSet<string> Harmless = new[]
    {
        "avi", "bmp", "csv", "doc", "docx", "gif", "htm", "html", "jpeg", "jpg", "mov", "mp3", "mp4", "odp", "ods", "odt", "pdf", "png", "ppt", "pptx", "rtf", "tif", "tiff", "txt", "wav", "webp", "xls", "xlsx", "xml", "zip",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> MacroDocuments = new[] { "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>As Windows reads it: what follows the last dot, dots and blanks at the end left out. Lower case; empty when there is none.</summary>
    public static string Extension(string name) => Split(name).Last;

    /// <summary>The document is of a kind that is there for macros.</summary>
    public static bool IsMacroDocument(string extension) => MacroDocuments.Contains(extension);

    /// <summary>Adds what is to be said of the name.</summary>
    public static void Judge(string name, IReadOnlySet<string> executables, ISet<string> reasons)
    {
        var (last, before) = Split(name);
        if (executables.Contains(last))
        {
            reasons.Add(ContentReason.ExecutableName);
            if (Harmless.Contains(before)) reasons.Add(ContentReason.DoubleExtension);
        }
        if (HasTricks(name)) reasons.Add(ContentReason.NameTricks);
        if (IsMacroDocument(last)) reasons.Add(ContentReason.OfficeMacros);
    }

    private static (string Last, string Before) Split(string name)
    {
        var end = name.AsSpan();
        // The path of a name in an archive is none of its ends.
        end = end[(end.LastIndexOfAny('/', '\\') + 1)..];
        var last = Cut(ref end);
        var before = Cut(ref end);
        return (last, before);

        static string Cut(ref ReadOnlySpan<char> name)
        {
            name = name.TrimEnd(". \t\u00a0");
            var dot = name.LastIndexOf('.');
            if (dot < 0 || name.Length - dot > 24) return "";
            var extension = new StringBuilder();
            // What cannot be seen does not count.
            foreach (var c in name[(dot + 1)..])
            {
                if (!IsInvisible(c) && !char.IsWhiteSpace(c)) extension.Append(char.ToLowerInvariant(c));
            }
            name = name[..dot];
            return extension.ToString();
        }
    }

    private static bool HasTricks(string name)
    {
        var blanks = 0;
        foreach (var c in name)
        {
            if (IsInvisible(c)) return true;
            blanks = char.IsWhiteSpace(c) ? blanks + 1 : 0;
            if (blanks >= 8) return true;
        }
        return false;
    }

    /// <summary>Marks that turn the direction, and characters of no width.</summary>
    private static bool IsInvisible(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200b' or '\u200e' or '\u200f' or '\ufeff' or '\u00ad';
}
