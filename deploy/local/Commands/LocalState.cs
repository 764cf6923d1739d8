using System.Diagnostics;
using System.Text.Json;

namespace Merpati.Local.Commands;

/// <summary>What runs, as <c>up</c> wrote it down when everything was ready.</summary>
/// <param name="ProcessId">The process that all the others end with.</param>
internal sealed record LocalState(int ProcessId, string MongoDb, string RabbitMq, string Logs)
{
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
