namespace Merpati.Local;

/// <summary>Where the parts live on this machine, outside the repository: what was downloaded stays there for the next time.</summary>
public static class LocalFolders
{
    /// <summary><c>MERPATI_CACHE</c>, else /var/cache/merpati for root and ~/.cache/merpati for anybody else.</summary>
    public static string Cache { get; } = Environment.GetEnvironmentVariable("MERPATI_CACHE") is { Length: > 0 } named ? Path.GetFullPath(named)
        : Environment.IsPrivilegedProcess ? "/var/cache/merpati"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "merpati");

    public static string Debs => Path.Combine(Cache, "debs");

    /// <summary>What <c>up</c> keeps: state, logs, the broker's data.</summary>
    public static string Up => Path.Combine(Cache, "up");
}

/// <summary>A part is missing that this process cannot bring; the message says what to do.</summary>
public sealed class MissingPartException(string message) : Exception(message);
