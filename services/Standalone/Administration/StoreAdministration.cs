using Merpati.Administration;
using Merpati.Delivery.Mailboxes;
using Merpati.Platform.Admin;
using Merpati.Storage;
using Merpati.Storage.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Merpati.Standalone.Administration;

/// <summary>Backup, check and search index of the data folder over HTTP, while the server runs. Only Standalone has a data folder.</summary>
internal static class StoreAdministration
{
    /// <summary>The collector removes contents that nobody needs long before.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromDays(2);

    public static IEndpointRouteBuilder MapStoreAdministration(this IEndpointRouteBuilder endpoints)
    {
        var stores = endpoints.MapAdministration().MapGroup("/stores");
        stores.MapPost("/backup", (HttpRequest request, SqliteStores data, CancellationToken cancellationToken)
            => RequestBody.ReadAsync(request, AdministrationJson.Default.BackupOrder, order => BackupAsync(data, order, cancellationToken), cancellationToken));
        stores.MapGet("/check", CheckAsync);
        stores.MapDelete("/index", RebuildIndexAsync);
        return endpoints;
    }

    private static async ValueTask<IResult> BackupAsync(SqliteStores stores, BackupOrder order, CancellationToken cancellationToken)
    {
        if (!Path.IsPathFullyQualified(order.Folder)) return Problems.Invalid($"'{order.Folder}' is no absolute path of a folder.");
        try
        {
            // A folder with something in it may be another backup, or a data folder in use.
            if (Directory.Exists(order.Folder) && Directory.EnumerateFileSystemEntries(order.Folder).Any()) return Problems.Invalid($"The folder {order.Folder} is not empty; name a new one.");
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(order.Folder);
            else Directory.CreateDirectory(order.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await stores.BackupToAsync(order.Folder, cancellationToken);
            return Results.Json(new BackupDone(order.Folder, new DirectoryInfo(order.Folder).EnumerateFiles().Sum(file => file.Length)), AdministrationJson.Default.BackupDone);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problems.Answer(StatusCodes.Status507InsufficientStorage, "backup_failed", $"The backup to {order.Folder} failed and is of no use: {(e is StoreFullException ? "there is no room left" : e.Message)}");
        }
    }

    /// <summary>What is deleted is made anew in the background.</summary>
    private static async Task<IResult> RebuildIndexAsync(SearchIndexer indexer, CancellationToken cancellationToken)
    {
        await indexer.RebuildAsync(cancellationToken);
        return Results.NoContent();
    }

    /// <summary>Each file by itself, to its last page; and when those are whole, what stands in them and between them, to the last octet of a message.</summary>
    private static async Task<IResult> CheckAsync(SqliteStores stores, TimeProvider time, CancellationToken cancellationToken)
    {
        var checks = new List<StoreCheck>();
        foreach (var database in stores.Databases) checks.Add(new StoreCheck(database.Name, await database.CheckIntegrityAsync(cancellationToken)));
        if (checks.TrueForAll(check => check.Problems.Count == 0)) checks.Add(new StoreCheck("consistency", await CheckConsistencyAsync(stores, time, cancellationToken)));
        return Results.Json(checks, AdministrationJson.Default.IReadOnlyListStoreCheck);
    }

    private static async Task<IReadOnlyList<string>> CheckConsistencyAsync(SqliteStores stores, TimeProvider time, CancellationToken cancellationToken)
    {
        var tally = new DamageTally(time, readBodies: true);
        await foreach (var damage in new ConsistencyCheck(stores.Content, stores.Queue, stores.Inspection, time).RunAsync(new ConsistencyCheckOptions(ReadBodies: true, Mend: false, Grace), cancellationToken)) tally.Add(damage);
        var report = tally.Report();
        await LastCheck.WriteAsync(stores.SharedRecords, report, cancellationToken);
        return [.. report.Findings.Select(finding => $"{finding.Kind}: {finding.Where}: {finding.What}")];
    }
}
