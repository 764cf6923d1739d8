namespace Merpati.Platform.Hosting;

/// <summary>How a server ended, for scripts and supervisors. Numbers are documented: never change one.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 2;

    /// <summary>A store cannot be opened.</summary>
    public const int Store = 3;

    /// <summary>A port cannot be bound, a certificate cannot be used.</summary>
    public const int Start = 4;

    /// <summary>What nobody foresaw (sysexits EX_SOFTWARE).</summary>
    public const int Fault = 70;
}
