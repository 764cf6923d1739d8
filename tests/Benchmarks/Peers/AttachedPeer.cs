using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks.Peers;

/// <summary>A server that another process has started and filled (<see cref="Serve"/>), and that stays: runs can be short and many.</summary>
internal sealed class AttachedPeer : IPeer
{
    private AttachedPeer(string name, int smtp, int imap, int[] processes)
        => (Name, Smtp, Imap, Processes) = (name, new IPEndPoint(IPAddress.Loopback, smtp), new IPEndPoint(IPAddress.Loopback, imap), processes);

    public string Name { get; }

    public IPEndPoint Smtp { get; }

    public IPEndPoint Imap { get; }

    public IReadOnlyList<int> Processes { get; }

    /// <summary><c>name:smtp:imap:pid:pid…</c>.</summary>
    public static AttachedPeer Parse(string text)
    {
        var parts = text.Split(':');
        var numbers = parts.Skip(1).Select(part => int.TryParse(part, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return numbers is [> 0, > 0, > 0, ..] && !numbers.Contains(0) ? new AttachedPeer(parts[0], numbers[0], numbers[1], numbers[2..]) : throw new UsageException("--attach is name:smtp-port:imap-port:pid,…");
    }

    /// <summary>What <see cref="Parse"/> reads.</summary>
    public static string Describe(IPeer peer) => string.Create(CultureInfo.InvariantCulture, $"{peer.Name.Split(' ')[0]}:{peer.Smtp.Port}:{peer.Imap.Port}:{string.Join(':', peer.Processes)}");

    public ValueTask DisposeAsync() => default;
}
