using System.Net.Sockets;
using Merpati.Storage;

namespace Merpati.Platform.Hosting;

/// <summary>Runs a server to its end. What stops it is said in one line on standard error, and by the exit code.</summary>
public static class ServerRun
{
    /// <param name="program">Begins the line.</param>
    /// <param name="run">Builds the server and runs it until SIGTERM or Ctrl-C.</param>
    public static async Task<int> RunAsync(string program, Func<Task> run)
    {
        try
        {
            await run();
            return ExitCode.Ok;
        }
        catch (ConfigurationException e) { return await FailAsync(program, ExitCode.Configuration, e.Message); }
        catch (Exception e) when (e is StoreUnavailableException or StoreFullException) { return await FailAsync(program, ExitCode.Store, e.Message); }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException) { return await FailAsync(program, ExitCode.Start, e.Message); }
    }

    /// <summary>The same, and what nobody foresaw is told in full.</summary>
    public static async Task<int> RunOrExplainAsync(string program, Func<Task> run)
    {
        try { return await RunAsync(program, run); }
#pragma warning disable CA1031 // The last catch of the process.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            await Console.Error.WriteLineAsync($"{program}: {fault}");
            return ExitCode.Fault;
        }
    }

    public static async Task<int> FailAsync(string program, int code, string message)
    {
        await Console.Error.WriteLineAsync($"{program}: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
