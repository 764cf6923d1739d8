using System.Globalization;

namespace Merpati.Storage.Sqlite;

/// <summary>
/// The file of one store and the way its schema came to be. Version n is the state after the first n migrations; the file remembers n in <c>user_version</c>.
/// Migrations are only ever added at the end, and only expand (new tables, columns with a default, indexes): what an older version reads stays, until a later one contracts it.
/// </summary>
/// <param name="Name">What people call the store: content, queue, mailboxes, directory, journal. The file is named after it.</param>
/// <param name="PageSize">4096 suits small rows; 8192 halves the overflow pages of bodies.</param>
public sealed record SqliteSchema(string Name, IReadOnlyList<string> Migrations, int PageSize = 4096)
{
    /// <summary>Run whenever the file is opened, before anyone uses it: clears what a crash left unfinished.</summary>
    public string? AtOpen { get; init; }

    public string FileName => $"{Name}.db";

    /// <exception cref="StoreUnavailableException">The file comes from a newer version than we are.</exception>
    internal void Apply(SqliteSession session)
    {
        var found = (int)session.Number("PRAGMA user_version")!.Value;
        if (found > Migrations.Count)
        {
            throw new StoreUnavailableException(Name, string.Create(CultureInfo.InvariantCulture, $"its file has schema version {found}, and this version of Merpati knows {Migrations.Count}; use the newer Merpati that wrote it."));
        }
        for (var version = found; version < Migrations.Count; version++)
        {
            session.ExecuteScript("BEGIN IMMEDIATE");
            try
            {
                session.ExecuteScript(Migrations[version]);
                session.ExecuteScript(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}; COMMIT"));
            }
            catch
            {
                if (session.InTransaction) session.ExecuteScript("ROLLBACK");
                throw;
            }
        }
        if (AtOpen is not null) session.ExecuteScript($"BEGIN IMMEDIATE; {AtOpen}; COMMIT");
    }
}
