using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Merpati.TestKit.Smtp;

/// <summary>
/// A mail host on loopback that does what a test tells it: takes everything by default, and answers otherwise wherever <see cref="Answer"/> says so.
/// It records every command and every message byte for byte. Set the properties before the first connection.
/// </summary>
public sealed class ScriptedSmtpServer : IAsyncDisposable
{
    /// <summary>Stands for the greeting in <see cref="ScriptedCommand.Line"/>.</summary>
    public const string Greeting = "(greeting)";

    /// <summary>Stands for the end of a message, by dot or by BDAT LAST.</summary>
    public const string EndOfText = "(end of text)";

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _sessions = new();
    private readonly ConcurrentQueue<ScriptedMessage> _messages = new();
    private readonly ConcurrentQueue<ScriptedCommand> _commands = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private Task _accepting = Task.CompletedTask;
    private int _connections;
    private int _open;

    private ScriptedSmtpServer(IPAddress address) => _listener = new TcpListener(address, 0);

    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Port => EndPoint.Port;

    /// <summary>In place of the ordinary reply; null for that one.</summary>
    public Func<ScriptedCommand, ScriptedAnswer?> Answer { get; set; } = static _ => null;

    /// <summary>Keywords for EHLO beside STARTTLS, which is offered when there is a certificate.</summary>
    public IReadOnlyList<string> Keywords { get; set; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 104857600"];

    /// <summary>More keywords after TLS.</summary>
    public IReadOnlyList<string> KeywordsInTls { get; set; } = [];

    /// <summary>With its private key; null for no TLS.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Sent beside the certificate.</summary>
    public X509Certificate2Collection Intermediates { get; set; } = [];

    public bool ImplicitTls { get; set; }

    /// <summary>LHLO, and a reply for each recipient at the end.</summary>
    public bool Lmtp { get; set; }

    /// <summary>What the server sends in place of its part of the TLS handshake; null for a real one.</summary>
    public byte[]? HandshakeOctets { get; set; }

    /// <summary>By AUTH PLAIN: the user and the password.</summary>
    public (string User, string Password)? Login { get; set; }

    public IReadOnlyCollection<ScriptedMessage> Messages => _messages;

    public IReadOnlyCollection<ScriptedCommand> Commands => _commands;

    /// <summary>Since the start.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>That have not ended.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>SNI of the last handshake.</summary>
    public string? ServerName { get; internal set; }

    public static ScriptedSmtpServer Start(Func<ScriptedCommand, ScriptedAnswer?>? answer = null, IPAddress? address = null)
    {
        var server = new ScriptedSmtpServer(address ?? IPAddress.Loopback);
        if (answer is not null) server.Answer = answer;
        server._listener.Start();
        server._accepting = server.AcceptAsync();
        return server;
    }

    /// <summary>The lines that a connection said.</summary>
    public IReadOnlyList<string> Said(int connection = 1) => [.. _commands.Where(command => command.Connection == connection && command.Line is not (Greeting or EndOfText)).Select(command => command.Line)];

    /// <summary>Waits until so many messages have come.</summary>
    public async Task<IReadOnlyList<ScriptedMessage>> WaitForAsync(int messages, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(60));
        while (_messages.Count < messages) await _arrived.WaitAsync(limit.Token);
        return [.. _messages];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions.Keys);
        _listener.Dispose();
        _stop.Dispose();
        _arrived.Dispose();
    }

    internal ScriptedAnswer? Decide(ScriptedCommand command)
    {
        _commands.Enqueue(command);
        return Answer(command);
    }

    internal void Take(ScriptedMessage message)
    {
        _messages.Enqueue(message);
        _arrived.Release();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try { socket = await _listener.AcceptSocketAsync(_stop.Token); }
            catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException) { return; } // it was stopped
            var session = new ScriptedSmtpSession(this, socket, Interlocked.Increment(ref _connections));
            var task = ServeAsync(session);
            _sessions.TryAdd(task, true);
        }
    }

    private async Task ServeAsync(ScriptedSmtpSession session)
    {
        Interlocked.Increment(ref _open);
        try { await session.RunAsync(_stop.Token); }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or EndOfStreamException) { }
        finally
        {
            session.Dispose();
            Interlocked.Decrement(ref _open);
        }
    }
}
