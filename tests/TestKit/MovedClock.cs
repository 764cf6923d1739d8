using System.Globalization;

namespace Merpati.TestKit;

/// <summary>
/// A wall clock for real processes that a test moves on: Debian's libfaketime answers them when they ask what time it is. What they measure with the monotonic clock, timers and patience, goes
/// on as ever, so that no timer would see a day that passes: the processes are started again for that.
/// </summary>
public sealed class MovedClock : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-clock-").FullName;
    private TimeSpan _offset;

    /// <summary>Begins at noon (UTC) of tomorrow: no test runs into midnight, and certificates that were just made are valid.</summary>
    public MovedClock()
    {
        // /usr/lib/x86_64-linux-gnu, or that of another architecture.
        var library = Directory.EnumerateDirectories("/usr/lib").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("Debian's libfaketime is not there: tests/EndToEnd/install.sh installs it.");
        Environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = Path.Combine(_folder, "offset"),
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            // .NET waits by the monotonic clock; else each wait with a limit is over at once, and its threads spin.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
            ["NO_FAKE_STAT"] = "1",
        };
        var real = TimeProvider.System.GetUtcNow();
        Move(new DateTimeOffset(real.UtcDateTime.Date, TimeSpan.Zero).AddHours(36) - real);
    }

    /// <summary>For the processes that are to go by it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public DateTimeOffset Now => TimeProvider.System.GetUtcNow() + _offset;

    public DateOnly Today => DateOnly.FromDateTime(Now.UtcDateTime);

    /// <summary>For the processes that are started afterwards.</summary>
    public void Move(TimeSpan by)
    {
        _offset += by;
        var next = Path.Combine(_folder, "next");
        File.WriteAllText(next, string.Create(CultureInfo.InvariantCulture, $"+{(long)_offset.TotalSeconds}\n"));
        File.Move(next, Environment["FAKETIME_TIMESTAMP_FILE"], overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
