using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;

namespace Merpati.SmtpIngress.Scanners;

/// <summary>Where a scanner listens, in the ways in which Sendmail and Postfix write it: <c>inet:host:port</c>, <c>inet:port@host</c>, <c>unix:/path</c>.</summary>
/// <param name="Host">A name or an address; null when <paramref name="Path"/> is there.</param>
internal sealed record ScannerSocket(string? Host, int Port, string? Path)
{
    public static bool TryParse(string text, [NotNullWhen(true)] out ScannerSocket? socket)
    {
        socket = null;
        var (kind, rest) = text.Split(':', 2) is [var word, var more] ? (word, more) : ("", "");
        switch (kind)
        {
            case "unix" or "local" when rest.StartsWith('/'):
                socket = new ScannerSocket(null, 0, rest);
                return true;
            case "inet" or "inet6" when rest.Split('@') is [var port, var host]:
                return TryMake(host, port, out socket);
            case "inet" or "inet6" when rest.LastIndexOf(':') is var colon and > 0:
                return TryMake(rest[..colon], rest[(colon + 1)..], out socket);
            default:
                return false;
        }
    }

    public async ValueTask<NetworkStream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = Path is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true } : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (Path is null) await socket.ConnectAsync(Host!, Port, cancellationToken).ConfigureAwait(false);
            else await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool TryMake(string host, string number, [NotNullWhen(true)] out ScannerSocket? socket)
    {
        host = host.Trim('[', ']');
        socket = host.Length > 0 && ushort.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? new ScannerSocket(host, port, null) : null;
        return socket is not null;
    }
}
