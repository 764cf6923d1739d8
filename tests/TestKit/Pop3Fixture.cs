using Merpati.Mailboxes;
using Merpati.Protocols.Pop3;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.TestKit;

/// <summary>A POP3 server in memory and scripts against it.</summary>
public abstract class Pop3Fixture
{
    protected const string Greeting = "S: +OK mail.example.test Merpati POP3 server ready\n";

    protected const string LogIn = Greeting + "C: USER ann@example.test\nS: +OK send PASS\nC: PASS correct horse\nS~ \\+OK maildrop has .*\n";

    protected SingleAccountDirectory Directory { get; } = new();

    protected MemoryInbox Inbox { get; } = new();

    protected MemoryMaildropLock Locks { get; } = new();

    protected FakeTimeProvider Time { get; } = new();

    protected RecordingTelemetry Telemetry { get; } = new();

    protected Pop3Settings Settings { get; set; } = new() { ServerName = "mail.example.test", AllowPlaintextAuth = true };

    private LoginDelays? Delays { get; set; }

    protected TransportSettings Transport { get; set; } = new();

    protected Transcript Start() => new(
        (transport, lifetime) => new ValueTask(new Pop3Connection(transport, new Pop3Ports(Directory, Inbox, Locks, Telemetry) { Delays = Delays ??= new LoginDelays(Settings.LoginDelay, Time) }, Settings, Time, NullLogger.Instance).RunAsync(lifetime)),
        Transport,
        Time);

    protected async Task RunAsync(string script)
    {
        await using var transcript = Start();
        await transcript.RunAsync(script);
    }
}

public sealed class RecordingTelemetry : IPop3Telemetry
{
    public List<LoginResult> Logins { get; } = [];

    public long OctetsSent { get; private set; }

    public int Removed { get; private set; }

    public List<(string Verb, bool Ok)> Commands { get; } = [];

    public IDisposable? CommandStarts(string verb) => null;

    public void CommandEnds(string verb, bool ok, TimeSpan elapsed) => Commands.Add((verb, ok));

    public void LoginEnds(string mechanism, LoginResult result) => Logins.Add(result);

    public List<string> Read { get; } = [];

    public void MessageRead(MessageInfo message) => Read.Add(message.EmailId);

    public void MessageSent(long octets) => OctetsSent += octets;

    public void MessagesRemoved(AccountId account, int count) => Removed += count;
}

public sealed class MemoryMaildropLock : IMaildropLock
{
    private readonly HashSet<AccountId> _held = [];

    public ValueTask<IAsyncDisposable?> TryAcquireAsync(AccountId account, CancellationToken cancellationToken)
    {
        lock (_held) return ValueTask.FromResult<IAsyncDisposable?>(_held.Add(account) ? new Held(_held, account) : null);
    }

    public bool IsHeld(AccountId account)
    {
        lock (_held) return _held.Contains(account);
    }

    private sealed class Held(HashSet<AccountId> held, AccountId account) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            lock (held) held.Remove(account);
            return ValueTask.CompletedTask;
        }
    }
}
