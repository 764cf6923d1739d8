using System.Diagnostics;
using System.Globalization;
using System.Net;
using Merpati.TestKit.Peers;

namespace Merpati.Benchmarks.Peers;

/// <summary>Postfix's smtp-sink as the far end: takes everything on all addresses of loopback, throws it away, and counts.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private const string Program = "/usr/sbin/smtp-sink";

    private readonly Process _process;
    private readonly Task _reading;
    private int _messages;

    private SmtpSink(Process process, int port)
    {
        (_process, Port) = (process, port);
        _reading = Task.Run(ReadAsync);
    }

    public int Port { get; }

    /// <summary>Taken until now.</summary>
    public int Messages => Volatile.Read(ref _messages);

    public static async Task<SmtpSink> StartAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Program)) throw new UsageException("smtp-sink is not installed: apt-get install postfix");
        var endPoint = ServerFolder.FreeEndPoint();
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, UseShellExecute = false };
        // It gives up root. -c writes the counts after each message.
        foreach (var argument in (string[])["-4", "-u", "nobody", "-c", "-m", "2000", string.Create(CultureInfo.InvariantCulture, $"0.0.0.0:{endPoint.Port}"), "1000"]) start.ArgumentList.Add(argument);
        var sink = new SmtpSink(Process.Start(start) ?? throw new InvalidOperationException("smtp-sink did not start."), endPoint.Port);
        if (await ServerFolder.IsListeningAsync(endPoint, sink._process, cancellationToken)) return sink;
        await sink.DisposeAsync();
        throw new InvalidOperationException($"smtp-sink does not listen on {endPoint}.");
    }

    /// <summary>Lines end in CR: <c>sess=12 quit=3 mesg=4711</c>.</summary>
    private async Task ReadAsync()
    {
        var buffer = new char[16384];
        var rest = "";
        while (await _process.StandardOutput.ReadAsync(buffer) is var read and > 0)
        {
            var text = rest + new string(buffer, 0, read);
            var end = text.LastIndexOf('\r');
            if (end < 0) { rest = text; continue; }
            var mesg = text.LastIndexOf("mesg=", end, StringComparison.Ordinal);
            if (mesg >= 0 && int.TryParse(text.AsSpan(mesg + 5, end - mesg - 5), NumberStyles.Integer, CultureInfo.InvariantCulture, out var messages)) Volatile.Write(ref _messages, messages);
            rest = text[(end + 1)..];
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }
}
