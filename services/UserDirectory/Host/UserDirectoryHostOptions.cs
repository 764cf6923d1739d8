using Merpati.Platform.Admin;
using Merpati.Platform.Hosting;

namespace Merpati.UserDirectory.Host;

/// <summary>The top of UserDirectory's configuration.</summary>
public sealed class UserDirectoryHostOptions : ServiceOptions
{
    public AdminOptions Admin { get; set; } = new();

    public SiteOptions Site { get; set; } = new();
}
