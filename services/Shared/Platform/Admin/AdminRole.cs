namespace Merpati.Platform.Admin;

/// <summary>What the holder of a token may do; each may also do what those before it may.</summary>
public enum AdminRole
{
    /// <summary>Look at everything that the admin API shows; it shows no mail beyond headers, and no secret.</summary>
    Viewer = 0,

    /// <summary>Work on the queue and the suppression list.</summary>
    Operator = 1,

    /// <summary>Change domains, accounts, aliases and keys.</summary>
    Administrator = 2,
}
