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

    private static async Task<IResult> CheckAsync(SqliteStores stores, CancellationToken cancellationToken)
    {
        var checks = new List<StoreCheck>();
        foreach (var database in stores.Databases) checks.Add(new StoreCheck(database.Name, await database.CheckIntegrityAsync(cancellationToken)));
        return Results.Json(checks, AdministrationJson.Default.IReadOnlyListStoreCheck);
    }
}
