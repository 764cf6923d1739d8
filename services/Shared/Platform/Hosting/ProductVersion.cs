using System.Reflection;

namespace Merpati.Platform.Hosting;

public static class ProductVersion
{
    /// <summary>As a person writes it, without the commit.</summary>
    public static string Of(Assembly assembly)
        => assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
