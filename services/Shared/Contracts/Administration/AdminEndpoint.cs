namespace Merpati.Administration;

/// <summary>
/// How to reach the admin API of a running server. The server leaves it in its data folder as <see cref="FileName"/>,
/// readable by its owner only; the <c>merpati</c> command reads it there.
/// </summary>
/// <param name="Address">Base address, <c>http://127.0.0.1:2080</c>.</param>
/// <param name="Token">Bearer token, new at every start.</param>
public sealed record AdminEndpoint(Uri Address, string Token)
{
    public const string FileName = "admin.json";
}
