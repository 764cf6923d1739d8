using System.Diagnostics;
using System.Text.Json;

namespace Merpati.Local.Commands;

/// <summary>What runs, as <c>up</c> wrote it down when everything was ready.</summary>
/// <param name="ProcessId">The process that all the others end with.</param>
internal sealed record LocalState(int ProcessId, string MongoDb, string RabbitMq, string Logs)
{
    /// <summary>The admin API, for <c>merpati --admin URL --token-file FILE</c>.</summary>
    public string Admin { get; init; } = "";

    public string TokenFile { get; init; } = "";

    /// <summary>What mail clients have to trust, PEM.</summary>
    public string Certificate { get; init; } = "";

    public IReadOnlyDictionary<string, int> MailPorts { get; init; } = new Dictionary<string, int>();

    /// <summary>Addresses and passwords to try it with.</summary>
    public IReadOnlyDictionary<string, string> Accounts { get; init; } = new Dictionary<string, string>();

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private static string Path => System.IO.Path.Combine(LocalFolders.Up, "state.json");

    /// <summary>Null when nothing runs; what a killed process has left behind does not count.</summary>
    public static LocalState? Read()
    {
        if (!File.Exists(Path)) return null;
        var state = JsonSerializer.Deserialize<LocalState>(File.ReadAllText(Path));
        return state is not null && IsOurs(state.ProcessId) ? state : null;
    }

    public void Write()
    {
        File.WriteAllText(Path + ".new", JsonSerializer.Serialize(this, Json));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Path + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(Path + ".new", Path, overwrite: true);
    }

    public static void Remove() => File.Delete(Path);

    /// <summary>A process of that number runs, and it is this program.</summary>
    private static bool IsOurs(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited && File.ReadAllText($"/proc/{processId}/cmdline").Contains("Merpati.Local", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return false;
        }
    }
}
