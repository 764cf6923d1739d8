using System.Net;
using System.Net.Sockets;

namespace Merpati.TestKit;

/// <summary>Ports of 127.0.0.1 for what must be told its port. Where port 0 can be said, that is better.</summary>
public static class FreePorts
{
    // Below the ephemeral ports (32768 up), which the tests' own connections and listeners take meanwhile; above those of Standalone's tests.
    private const int First = 20_000;
    private const int End = 32_000;

    private static readonly Lock Turn = new();
    private static int _next = First + Environment.ProcessId * 61 % 100 * 100;

    /// <summary>The first of so many in a row that nobody listens on now, and that this process has not handed out lately.</summary>
    public static int Take(int count = 1)
    {
        lock (Turn)
        {
            while (true)
            {
                if (_next + count > End) _next = First;
                var first = _next;
                _next += count;
                if (Enumerable.Range(first, count).All(IsFree)) return first;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try { socket.Bind(new IPEndPoint(IPAddress.Loopback, port)); return true; }
        catch (SocketException) { return false; }
    }
}
