namespace Merpati.Storage.Sqlite;

/// <summary>Where the stores of one installation live.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>The data folder; made when it is missing. One file per store, and a lock that keeps a second process out.</summary>
    public required string Folder { get; set; }
}
