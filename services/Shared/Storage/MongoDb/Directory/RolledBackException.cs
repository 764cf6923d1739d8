using Merpati.Accounts;

namespace Merpati.Storage.MongoDb;

/// <summary>Ends a transaction that has written already and must leave nothing; the outcome is the answer.</summary>
internal sealed class RolledBackException(DirectoryOutcome outcome) : Exception
{
    public DirectoryOutcome Outcome => outcome;
}

internal static class RolledBack
{
    public static async ValueTask<DirectoryOutcome> OrAsRolledBackAsync(this ValueTask<DirectoryOutcome> transaction)
    {
        try { return await transaction; }
        catch (RolledBackException e) { return e.Outcome; }
    }
}
