using System.Runtime.CompilerServices;
using System.Text;

namespace Merpati.Mail;

/// <summary>Character sets by the names that mail uses (RFC 2046 §4.1.2), the Windows and CJK code pages too.</summary>
internal static class Charsets
{
    static Charsets() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Makes the code pages known to the whole process, MimeKit among it. Cheap after the first call.</summary>
    public static void Register() => RuntimeHelpers.RunClassConstructor(typeof(Charsets).TypeHandle);

    /// <summary>Null for an unknown name, and for us-ascii: its octets over 127 are a lie that <see cref="Guess"/> sorts out.</summary>
    public static Encoding? Find(string? name)
    {
        var wanted = name?.Trim().Trim('"', '\'').ToLowerInvariant();
        switch (wanted)
        {
            case null or "" or "us-ascii" or "ascii" or "ansi_x3.4-1968" or "unknown-8bit" or "x-unknown" or "utf-7":
                return null;
            case "utf8":
                return Encoding.UTF8;
            // What is labelled Latin-1 or GB2312 in mail is the superset more often than not, and never harmed by it (WHATWG Encoding §4.2).
            case "iso-8859-1" or "latin1" or "cp1252" or "ansi":
                wanted = "windows-1252";
                break;
            case "gb2312" or "gbk" or "cp936":
                wanted = "gb18030";
                break;
            case "ks_c_5601-1987" or "cp949" or "euc-kr":
                wanted = "ks_c_5601-1987";
                break;
        }
        try { return Encoding.GetEncoding(wanted); }
        catch (Exception e) when (e is ArgumentException or NotSupportedException) { return null; }
    }

    /// <summary>UTF-8 where it is valid, else Windows-1252, for octets without a usable label. A character cut off at the end is no fault.</summary>
    public static Encoding Guess(ReadOnlySpan<byte> sample)
    {
        for (var cut = 0; cut <= 3 && cut <= sample.Length; cut++)
        {
            if (System.Text.Unicode.Utf8.IsValid(sample[..^cut])) return Encoding.UTF8;
            if (cut < sample.Length && sample[^(cut + 1)] < 0x80) break;
        }
        return Encoding.GetEncoding(1252);
    }
}
