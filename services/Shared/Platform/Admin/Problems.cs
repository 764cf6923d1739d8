using Merpati.Administration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Merpati.Platform.Admin;

/// <summary>Refusals of the admin API in one form (RFC 9457).</summary>
public static class Problems
{
    public static IResult Answer(int status, string code, string detail)
        => Results.Json(
            new Problem(ReasonPhrases.GetReasonPhrase(status), status, detail, code),
            AdministrationJson.Default.Problem,
            Problem.MediaType,
            status);

    public static IResult Invalid(string detail) => Answer(StatusCodes.Status400BadRequest, "invalid", detail);

    public static IResult NotFound(string detail) => Answer(StatusCodes.Status404NotFound, "not_found", detail);
}
