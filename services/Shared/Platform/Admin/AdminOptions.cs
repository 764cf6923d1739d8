namespace Merpati.Platform.Admin;

/// <summary>How the admin API is opened in the cluster; Standalone makes its own token.</summary>
public sealed class AdminOptions
{
    /// <summary>File with the token, 16 characters or more; without it there is no admin API.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Answers administration that comes over a network without TLS, token and all. For a network that is protected otherwise.</summary>
    public bool AllowPlaintext { get; set; }
}
