namespace Merpati.Platform.Tls;

/// <summary>PEM files that a reader sees whole, the old one or the new one.</summary>
internal static class PemFile
{
    public const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode Everybody = Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static void Write(string path, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new StreamWriter(temporary, System.Text.Encoding.ASCII, options)) file.Write(text);
        File.Move(temporary, path, overwrite: true);
    }
}
