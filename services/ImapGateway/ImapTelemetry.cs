using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.Mailboxes;
using Merpati.Protocols.Imap;

namespace Merpati.ImapGateway;

/// <summary>Spans and meters of IMAP sessions.</summary>
internal sealed class ImapTelemetry : IImapObserver
{
    public const string Name = "Merpati.ImapGateway";

    private static readonly ActivitySource Source = new(Name);

    private readonly UpDownCounter<int> _sessions;
    private readonly Histogram<double> _commands;

    public ImapTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _sessions = meter.CreateUpDownCounter<int>("merpati.imap.sessions", "{session}", "Open IMAP sessions.");
        _commands = meter.CreateHistogram<double>("merpati.imap.command.duration", "s", "IMAP commands by verb and status.");
    }

    public void SessionOpened() => _sessions.Add(1);

    public void SessionClosed() => _sessions.Add(-1);

    public IDisposable? CommandStarting(string verb) => Source.StartActivity("imap " + verb, ActivityKind.Server);

    public void MessageRead(MessageInfo message) => EmailIds.LinkTo(Activity.Current, message.EmailId);

    public void CommandCompleted(string verb, string status, TimeSpan elapsed)
        => _commands.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("verb", verb), new KeyValuePair<string, object?>("status", status));
}
