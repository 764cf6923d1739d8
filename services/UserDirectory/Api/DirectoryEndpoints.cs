using Merpati.Platform.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Merpati.UserDirectory.Api;

/// <summary>Administration over HTTP: what a person or a script may do, and the same refusals in words.</summary>
public static class DirectoryEndpoints
{
    /// <summary>Domains, accounts, aliases, DKIM keys and the suppression list under <see cref="AdminRoutes.Prefix"/>, for the holder of the admin token. Needs AddUserDirectory and an <see cref="AdminToken"/>.</summary>
    public static IEndpointRouteBuilder MapDirectoryAdministration(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapAdministration();
        DomainEndpoints.Map(group.MapGroup("/domains"));
        AccountEndpoints.Map(group.MapGroup("/accounts"));
        ArchiveEndpoints.Map(group.MapGroup("/accounts"));
        SharingEndpoints.Map(group.MapGroup("/accounts"));
        DkimEndpoints.Map(group.MapGroup("/dkim"));
        AliasEndpoints.Map(group.MapGroup("/aliases"));
        SuppressionEndpoints.Map(endpoints.MapAdministration(changes: AdminRole.Operator).MapGroup("/suppressions"));
        return endpoints;
    }
}
