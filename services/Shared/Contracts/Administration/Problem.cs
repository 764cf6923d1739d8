namespace Merpati.Administration;

/// <summary>
/// A refusal of the admin API, <c>application/problem+json</c> (RFC 9457).
/// </summary>
/// <param name="Title">The kind of refusal in a few words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">One sentence for the person: what is wrong and what to do.</param>
/// <param name="Code">A stable word for scripts: <c>already_exists</c>, <c>no_such_domain</c>…</param>
public sealed record Problem(string Title, int Status, string Detail, string Code)
{
    public const string MediaType = "application/problem+json";
}
