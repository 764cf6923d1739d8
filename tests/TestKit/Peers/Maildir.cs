using System.Diagnostics;
using System.Text;

namespace Merpati.TestKit.Peers;

/// <summary>What a peer delivered: a folder with new/ and cur/, a file for each message.</summary>
public sealed class Maildir(string path)
{
    public string Path { get; } = path;

    /// <summary>The messages as the peer wrote them, with CRLF.</summary>
    public IReadOnlyList<byte[]> Messages()
        => [.. ((string[])["new", "cur"]).Select(part => System.IO.Path.Combine(Path, part)).Where(Directory.Exists).SelectMany(Directory.GetFiles).Select(file => WithCrLf(File.ReadAllBytes(file)))];

    public IReadOnlyList<byte[]> With(string text) => [.. Messages().Where(message => message.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)];

    /// <summary>Waits for the message that has the text.</summary>
    /// <exception cref="TimeoutException">A minute passed without it.</exception>
    public async Task<byte[]> WaitForAsync(string text, Func<string>? otherwise = null)
    {
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(50))
        {
            try
            {
                if (With(text) is [var found, ..]) return found;
            }
            catch (FileNotFoundException) { } // moved from new to cur while we looked
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(1)) throw new TimeoutException($"Nothing with '{text}' came to {Path}.\n{otherwise?.Invoke()}");
        }
    }

    private static byte[] WithCrLf(byte[] octets)
    {
        using var text = new MemoryStream(octets.Length * 11 / 10);
        var last = (byte)0;
        foreach (var octet in octets)
        {
            if (octet == '\n' && last != '\r') text.WriteByte((byte)'\r');
            text.WriteByte(last = octet);
        }
        return text.ToArray();
    }
}
