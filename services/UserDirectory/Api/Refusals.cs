using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Platform.Admin;
using Microsoft.AspNetCore.Http;

namespace Merpati.UserDirectory.Api;

/// <summary>Names in requests, and the refusals that more than one request knows.</summary>
internal static class Refusals
{
    public static IResult NoSuchDomain(string domain)
        => Problems.Answer(StatusCodes.Status422UnprocessableEntity, "no_such_domain", $"The domain {domain} is not served here. Add it first: merpati domain add {domain}");

    public static IResult RemoteTarget()
        => Problems.Answer(StatusCodes.Status422UnprocessableEntity, "remote_target", "A catch-all is at a domain that is served here: mail to whatever anybody makes up is not sent on to other servers.");

    public static IResult Loop(string subject)
        => Problems.Answer(StatusCodes.Status422UnprocessableEntity, "loop", $"{subject} would lead back to itself.");

    public static IResult AlreadyExists(string detail) => Problems.Answer(StatusCodes.Status409Conflict, "already_exists", detail);

    public static IResult InUse(string detail) => Problems.Answer(StatusCodes.Status409Conflict, "in_use", detail);

    public static IResult NotAnAddress(string? text)
        => Problems.Answer(StatusCodes.Status400BadRequest, "not_an_address", $"'{text}' is not an address; write it as ann@example.org.");

    /// <summary>
    /// An address in a path. Routing decodes all but the slash, which a local part may hold (RFC 5321 §4.1.2, atext).
    /// </summary>
    public static bool TryAddress(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out EmailAddress? address)
        => EmailAddress.TryParse(text.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase), out address) && !address.Domain.StartsWith('[');

    /// <summary>An outcome that a request cannot have is a bug here, not the client's.</summary>
    public static InvalidOperationException Unexpected(DirectoryOutcome outcome) => new($"The outcome {outcome} has no place here.");
}
