using System.Globalization;
using Merpati.TestKit;

namespace Merpati.Tests.Faults;

/// <summary>A file system of a few megabytes in memory, which a test can fill to the last octet.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <exception cref="InvalidOperationException">We may not mount: the test cannot be made, and says so instead of passing.</exception>
    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var path = Directory.CreateTempSubdirectory("merpati-disk-").FullName;
        var size = megabytes.ToString(CultureInfo.InvariantCulture);
        var mounted = await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={size}m,mode=700", "merpati-test", path]);
        if (mounted.ExitCode == 0) return new SmallDisk(path);
        Directory.Delete(path);
        throw new InvalidOperationException($"A disk that can be filled needs the right to mount a tmpfs (root, CAP_SYS_ADMIN): {mounted}");
    }

    /// <summary>Takes all the room there is.</summary>
    public async Task FillAsync()
    {
        await using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var block = new byte[64 * 1024];
        for (var size = block.Length; size >= 4096;)
        {
            try { await file.WriteAsync(block.AsMemory(0, size)); }
            catch (IOException) { size /= 2; }
        }
    }

    /// <summary>Gives a little of what was taken back.</summary>
    public void Ease(int octets)
    {
        using var file = new FileStream(Ballast, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(Math.Max(0, file.Length - octets));
    }

    public void Free() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync("umount", ["--lazy", Path]);
        Directory.Delete(Path);
    }
}
