using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.Mailboxes;
using Merpati.Protocols.Pop3;

namespace Merpati.Pop3Gateway;

/// <summary>Spans and metrics of the gateway; <c>Merpati.Pop3Gateway</c> names both.</summary>
internal sealed class Pop3Telemetry : IPop3Telemetry
{
    internal const string Name = "Merpati.Pop3Gateway";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly UpDownCounter<int> Sessions = Meter.CreateUpDownCounter<int>("merpati.pop3.sessions", "{session}", "Open POP3 sessions");
    private static readonly Histogram<double> Commands = Meter.CreateHistogram<double>("merpati.pop3.command.duration", "s", "Time from a command to its reply, by verb and outcome");
    private static readonly Counter<long> Logins = Meter.CreateCounter<long>("merpati.pop3.logins", "{login}", "Logins by mechanism and result");
    private static readonly Counter<long> Messages = Meter.CreateCounter<long>("merpati.pop3.sent.messages", "{message}", "Messages sent by RETR and TOP");
    private static readonly Counter<long> Octets = Meter.CreateCounter<long>("merpati.pop3.sent.octets", "By", "Octets of the messages sent");
    private static readonly Counter<long> Removed = Meter.CreateCounter<long>("merpati.pop3.removed.messages", "{message}", "Messages removed by QUIT");

    internal static void SessionStarts() => Sessions.Add(1);

    internal static void SessionEnds() => Sessions.Add(-1);

    public IDisposable? CommandStarts(string verb) => Source.StartActivity("POP3 " + verb, ActivityKind.Server);

    public void CommandEnds(string verb, bool ok, TimeSpan elapsed)
    {
        if (Activity.Current is { } span && span.Source == Source) span.SetStatus(ok ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
        Commands.Record(elapsed.TotalSeconds, KeyValuePair.Create<string, object?>("verb", verb), KeyValuePair.Create<string, object?>("outcome", ok ? "ok" : "err"));
    }

    public void LoginEnds(string mechanism, LoginResult result)
        => Logins.Add(1, KeyValuePair.Create<string, object?>("mechanism", mechanism), KeyValuePair.Create<string, object?>("result", Word(result)));

    public void MessageRead(MessageInfo message) => EmailIds.LinkTo(Activity.Current, message.EmailId);

    public void MessageSent(long octets)
    {
        Messages.Add(1);
        Octets.Add(octets);
    }

    public void MessagesRemoved(AccountId account, int count) => Removed.Add(count);

    private static string Word(LoginResult result) => result switch
    {
        LoginResult.Granted => "granted",
        LoginResult.Denied => "denied",
        LoginResult.Throttled => "throttled",
        LoginResult.InUse => "in-use",
        LoginResult.TooSoon => "too-soon",
        LoginResult.Abandoned => "abandoned",
        _ => throw new UnreachableException(),
    };
}
