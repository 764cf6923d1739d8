namespace Merpati.Storage.Sqlite;

/// <summary>
/// The folder with the files of all stores, taken for this process alone for as long as it is held. The lock is the kernel's (flock), so it ends with the process, however that ends.
/// </summary>
public sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <exception cref="StoreUnavailableException">It cannot be made or written, or another process has it.</exception>
    public static DataFolder Take(string path)
    {
        try
        {
            // Mail is private: a folder that we make is for its owner only.
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException("data", $"the data folder {path} cannot be made ({failure.Message})", failure);
        }
        try
        {
            return new DataFolder(path, new FileStream(System.IO.Path.Combine(path, "merpati.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StoreUnavailableException("data", $"the data folder {path} cannot be written; check owner and permissions.", failure);
        }
        catch (IOException failure)
        {
            throw new StoreUnavailableException("data", $"the data folder {path} is in use by another Merpati; stop that one or name another folder.", failure);
        }
    }

    public void Dispose() => _lock.Dispose();
}
