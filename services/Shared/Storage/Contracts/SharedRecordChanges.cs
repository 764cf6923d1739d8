namespace Merpati.Storage;

/// <summary>One record that several change.</summary>
public static class SharedRecordChanges
{
    private const int Races = 5;

    /// <inheritdoc cref="ChangeAsync(ISharedRecords, string, string, Func{SharedRecord, SharedRecord}, int, CancellationToken)"/>
    public static ValueTask<bool> ChangeAsync(this ISharedRecords records, string kind, string key, Func<SharedRecord?, SharedRecord?> change, CancellationToken cancellationToken)
        => records.ChangeAsync(kind, key, change, Races, cancellationToken);

    /// <summary>Writes what <paramref name="change"/> makes of the record as it is now; where somebody else was first it looks again, so many times.</summary>
    /// <param name="change">The record, or null when it is not there; the new one, or null to leave it as it is.</param>
    /// <returns>False when it was left as it is, or others were first each time.</returns>
    public static async ValueTask<bool> ChangeAsync(this ISharedRecords records, string kind, string key, Func<SharedRecord?, SharedRecord?> change, int races, CancellationToken cancellationToken)
    {
        for (var race = 0; race < races; race++)
        {
            var there = await records.FindAsync(kind, key, cancellationToken);
            if (change(there) is not { } changed) return false;
            if (await records.TryPutAsync(changed with { Version = there?.Version ?? 0 }, cancellationToken)) return true;
        }
        return false;
    }
}
