using Merpati.Archives;
using Merpati.Mailboxes;
using Merpati.Platform.Admin;
using Merpati.Storage;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Archives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Merpati.UserDirectory.Api;

/// <summary>All mail of an account as one stream out and in: <c>GET</c> and <c>POST accounts/{address}/archive</c>.</summary>
internal static class ArchiveEndpoints
{
    public static void Map(RouteGroupBuilder accounts)
    {
        accounts.MapGet("/{address}/archive", ExportAsync).ReadsMail();
        accounts.MapPost("/{address}/archive", ImportAsync).WithMetadata(new DisableRequestSizeLimitAttribute());
    }

    private static async Task<IResult> ExportAsync(string address, AccountAdministration administration, IMailboxes mailboxes, IDirectoryStore directory, TimeProvider time, ILogger<AccountExport> logger, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed) || await administration.FindAsync(parsed, cancellationToken) is not { } account) return Unknown(address);
        return Results.Stream(
            async stream =>
            {
                var end = await new AccountExport(mailboxes, directory, time).WriteAsync(account, "merpati", stream, cancellationToken);
                logger.Exported(account.Id, end.Messages, end.Octets, end.Damaged.Count);
            },
            ArchiveFormat.MediaType);
    }

    private static async Task<IResult> ImportAsync(string address, bool? newUids, HttpRequest request, AccountAdministration administration, IMailboxes mailboxes, IDirectoryStore directory, ILogger<AccountImport> logger, CancellationToken cancellationToken)
    {
        if (!Refusals.TryAddress(address, out var parsed) || await administration.FindAsync(parsed, cancellationToken) is not { } account) return await RefusedAsync(request, Unknown(address), cancellationToken);
        try
        {
            var report = await new AccountImport(mailboxes, directory, account, newUids == true).ReadAsync(request.Body, cancellationToken);
            logger.Imported(account.Id, report.Messages, report.Octets, report.Known);
            return Results.Json(report, ArchiveJson.Default.ImportReport);
        }
        catch (ArchiveDamagedException damage) { return await RefusedAsync(request, Problems.Answer(StatusCodes.Status400BadRequest, "damaged_archive", damage.Message), cancellationToken); }
        catch (ImportRefusedException refusal) { return await RefusedAsync(request, Problems.Answer(StatusCodes.Status409Conflict, refusal.Code, refusal.Message), cancellationToken); }
    }

    /// <summary>Who still sends does not listen: the rest is read and thrown away, so that the answer arrives.</summary>
    private static async ValueTask<IResult> RefusedAsync(HttpRequest request, IResult answer, CancellationToken cancellationToken)
    {
        await request.Body.CopyToAsync(Stream.Null, cancellationToken);
        return answer;
    }

    private static IResult Unknown(string address) => Problems.NotFound($"No account {address} exists.");
}
