namespace Merpati.Storage;

public static class SharedRecordChange
{
    private const int Looks = 5;

    /// <summary>Looks at a record and changes it, again and again while others are first, and not for ever.</summary>
    /// <param name="change">What shall be there instead of what is there (null: nothing is); null leaves it as it is. Its version is not looked at. Called once a look.</param>
    /// <returns>False when others were always first: nothing was changed.</returns>
    public static async ValueTask<bool> TryChangeAsync(this ISharedRecords records, string kind, string key, Func<SharedRecord?, SharedRecord?> change, CancellationToken cancellationToken)
    {
        for (var look = 0; look < Looks; look++)
        {
            var there = await records.FindAsync(kind, key, cancellationToken);
            if (change(there) is not { } changed || await records.TryPutAsync(changed with { Version = there?.Version ?? 0 }, cancellationToken)) return true;
        }
        return false;
    }
}
