namespace Merpati.Cli.Archives;

/// <summary>
/// Files of mail have LF at the ends of lines, the server has CRLF. A message all of whose lines end with CRLF is written with LF, and comes back exactly; one with a bare LF in it is written as it is.
/// </summary>
internal static class LineEnds
{
    /// <summary>Every LF has a CR before it.</summary>
    public static bool AreAllCrLf(ReadOnlySpan<byte> octets)
    {
        for (int at = 0, next; (next = octets[at..].IndexOf((byte)'\n')) >= 0; at += next + 1)
        {
            if (at + next == 0 || octets[at + next - 1] != '\r') return false;
        }
        return true;
    }

    /// <summary>Without the CR before every LF.</summary>
    public static byte[] ToLf(ReadOnlySpan<byte> octets)
    {
        var lines = new byte[octets.Length];
        var length = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] == '\r' && i + 1 < octets.Length && octets[i + 1] == '\n') continue;
            lines[length++] = octets[i];
        }
        return lines[..length];
    }

    /// <summary>As the server has it: where the first line ends with CRLF nothing is changed, else every LF gets a CR.</summary>
    public static byte[] ToCrLf(ReadOnlySpan<byte> octets)
    {
        var first = octets.IndexOf((byte)'\n');
        return first > 0 && octets[first - 1] == '\r' ? octets.ToArray() : WithCr(octets);
    }

    /// <summary>Every LF gets a CR.</summary>
    public static byte[] WithCr(ReadOnlySpan<byte> octets)
    {
        var lines = new byte[octets.Length + octets.Count((byte)'\n')];
        var length = 0;
        foreach (var octet in octets)
        {
            if (octet == '\n') lines[length++] = (byte)'\r';
            lines[length++] = octet;
        }
        return lines;
    }

    public static async ValueTask<byte[]> ReadAllAsync(Stream octets, long size, CancellationToken cancellationToken)
    {
        var all = new byte[size];
        await octets.ReadExactlyAsync(all, cancellationToken);
        return all;
    }
}
