using System.ComponentModel.DataAnnotations;

namespace Merpati.Platform.Admin;

/// <summary>How the admin API is opened. Standalone makes a token of its own besides.</summary>
public sealed class AdminOptions
{
    /// <summary>File with an administrator's token, 16 characters or more; without it, and without <see cref="Tokens"/>, the cluster has no admin API.</summary>
    public string? TokenFile { get; set; }

    /// <summary>Tokens of people and programs that may do less, or are to be told apart.</summary>
    public IList<NamedTokenOptions> Tokens { get; } = [];

    /// <summary>Answers administration that comes over a network without TLS, token and all. For a network that is protected otherwise.</summary>
    public bool AllowPlaintext { get; set; }
}

/// <summary>A token with a name and a role.</summary>
public sealed class NamedTokenOptions
{
    /// <summary>Whose it is; in logs and timelines.</summary>
    [Required]
    public string Name { get; set; } = "";

    public AdminRole Role { get; set; } = AdminRole.Viewer;

    /// <summary>File with the token, 16 characters or more.</summary>
    [Required]
    public string TokenFile { get; set; } = "";
}
