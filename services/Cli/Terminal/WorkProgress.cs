using System.Diagnostics;
using System.Globalization;

namespace Merpati.Cli.Terminal;

/// <summary>How far long work is, in one line that is written over; only where a person looks on.</summary>
internal sealed class WorkProgress(ITerminal terminal, bool quiet, string what)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _shown;
    private long _messages;
    private long _octets;
    private bool _any;

    /// <summary>Messages there will be; 0 is not known.</summary>
    public long Expected { get; set; }

    public void Add(long messages, long octets)
    {
        _messages += messages;
        _octets += octets;
        if (quiet || !terminal.OutputIsTerminal || _since.Elapsed - _shown < Every) return;
        _shown = _since.Elapsed;
        _any = true;
        var of = Expected > 0 ? string.Create(CultureInfo.InvariantCulture, $" of {Expected}") : "";
        var count = _messages > 0 ? string.Create(CultureInfo.InvariantCulture, $"{_messages}{of} messages, ") : "";
        terminal.Error.Write($"\r{what}: {count}{Octets.Format(_octets)}\e[K");
    }

    public void End()
    {
        if (_any) terminal.Error.Write("\r\e[K");
    }
}
