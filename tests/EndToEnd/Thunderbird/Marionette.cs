using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Merpati.Tests.EndToEnd.Thunderbird;

/// <summary>
/// Mozilla's remote control of its own programs: JSON after its length in octets and a colon, <c>[0, id, command, parameters]</c> there and
/// <c>[1, id, error, result]</c> back. Scripts run with the program's own rights ("chrome"), as its menus do.
/// </summary>
public sealed class Marionette : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private int _id;

    private Marionette(NetworkStream stream) => _stream = stream;

    /// <param name="patience">Of each script.</param>
    public static async Task<Marionette> ConnectAsync(int port, TimeSpan patience, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try { await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken); }
        catch
        {
            socket.Dispose();
            throw;
        }
        var marionette = new Marionette(new NetworkStream(socket, ownsSocket: true));
        await marionette.ReadAsync(cancellationToken); // its name and version
        await marionette.CommandAsync("WebDriver:NewSession", new { capabilities = new { } }, cancellationToken);
        await marionette.CommandAsync("WebDriver:SetTimeouts", new { script = (long)patience.TotalMilliseconds }, cancellationToken);
        await marionette.CommandAsync("Marionette:SetContext", new { value = "chrome" }, cancellationToken);
        return marionette;
    }

    /// <summary>Runs the body of an asynchronous function of JavaScript, whose parameters are <c>given</c>, and gives what it returns.</summary>
    public async Task<JsonElement> RunAsync(string body, object?[] given, CancellationToken cancellationToken)
    {
        var script = $$"""
            const given = [...arguments], done = given.pop();
            (async () => { {{body}} })().then(result => done({ result: result ?? null }), fault => done({ fault: `${fault}\n${fault?.stack}` }));
            """;
        var answer = (await CommandAsync("WebDriver:ExecuteAsyncScript", new { script, args = given, sandbox = "system", newSandbox = false }, cancellationToken)).GetProperty("value");
        return answer.TryGetProperty("fault", out var fault) ? throw new InvalidOperationException($"{fault.GetString()}\nin {body}") : answer.GetProperty("result");
    }

    public Task QuitAsync(CancellationToken cancellationToken) => CommandAsync("Marionette:Quit", new { flags = new[] { "eAttemptQuit" } }, cancellationToken);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<JsonElement> CommandAsync(string name, object parameters, CancellationToken cancellationToken)
    {
        var command = JsonSerializer.SerializeToUtf8Bytes(new object[] { 0, ++_id, name, parameters });
        await _stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{command.Length}:"), cancellationToken);
        await _stream.WriteAsync(command, cancellationToken);
        var answer = await ReadAsync(cancellationToken);
        return answer[2].ValueKind == JsonValueKind.Null ? answer[3] : throw new InvalidOperationException($"{name}: {answer[2]}");
    }

    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        var digits = new byte[10];
        var count = -1;
        do await _stream.ReadExactlyAsync(digits.AsMemory(++count, 1), cancellationToken);
        while (digits[count] != (byte)':');
        if (!Utf8Parser.TryParse(digits.AsSpan(0, count), out int length, out _)) throw new FormatException("No length.");
        var json = new byte[length];
        await _stream.ReadExactlyAsync(json, cancellationToken);
        return JsonDocument.Parse(json).RootElement;
    }
}
