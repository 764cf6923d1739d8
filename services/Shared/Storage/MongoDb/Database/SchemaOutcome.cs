namespace Merpati.Storage.MongoDb;

/// <summary>What was found of a store's schema, and what became of it.</summary>
public enum SchemaState
{
    /// <summary>It was of our version.</summary>
    Current = 0,

    /// <summary>It is now.</summary>
    Raised,

    /// <summary>A newer Merpati made it, and ours works with it; nothing was changed.</summary>
    Newer,

    /// <summary>A newer Merpati made it, and ours does not work with it; nothing was changed.</summary>
    TooNew,

    /// <summary>Another process is raising it.</summary>
    BeingRaised,

    /// <summary>It is of an older version, or there is none; nothing was changed.</summary>
    Behind,
}

/// <param name="Store">content, queue, journal, directory, mailboxes, maildrops.</param>
/// <param name="Found">The version before; 0 for none.</param>
/// <param name="Known">Ours.</param>
/// <param name="By">The version of Merpati that made it, or is raising it.</param>
public sealed record SchemaOutcome(string Store, SchemaState State, int Found, int Known, string By)
{
    /// <summary>One sentence for a person, without the store's name at its begin.</summary>
    public string Sentence => State switch
    {
        SchemaState.Current => $"version {Known}, as it was",
        SchemaState.Raised => Found == Known ? $"version {Known}, made whole" : $"version {Known}, was {Found}",
        SchemaState.Newer => $"version {Found} of Merpati {By}, newer than the {Known} that is known here; this Merpati works with it, and it stays as it is",
        SchemaState.TooNew => $"its schema has version {Found}, made by Merpati {By}, and this Merpati knows {Known} and cannot work with that; a schema never goes down: start the newer Merpati, or restore the backup that was made before it",
        SchemaState.BeingRaised => $"its schema of version {Found} is being raised by another process of Merpati {By}",
        SchemaState.Behind => $"its schema has version {Found}, and this Merpati knows {Known}: run merpati migrate first",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The store can be used.</summary>
    public bool IsReady => State is SchemaState.Current or SchemaState.Raised or SchemaState.Newer;
}
