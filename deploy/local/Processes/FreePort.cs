using System.Net;
using System.Net.Sockets;

namespace Merpati.Local.Processes;

internal static class FreePort
{
    // Below the ephemeral ports (32768 up), which outgoing connections take; above those that services are known by.
    private const int First = 20_000;
    private const int End = 32_000;

    private static readonly Lock Turn = new();
    private static int _next = First + Environment.ProcessId * 61 % (End - First);

    /// <summary>A port of 127.0.0.1 that nobody listens on now, and that this process has not handed out lately.</summary>
    public static int Take()
    {
        lock (Turn)
        {
            for (var tried = First; tried < End; tried++)
            {
                _next = _next + 1 < End ? _next + 1 : First;
                if (IsFree(_next)) return _next;
            }
        }
        throw new MissingPartException($"No port of 127.0.0.1 from {First} to {End} is free.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try { socket.Bind(new IPEndPoint(IPAddress.Loopback, port)); return true; }
        catch (SocketException) { return false; }
    }
}
