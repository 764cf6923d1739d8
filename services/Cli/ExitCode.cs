namespace Merpati.Cli;

/// <summary>What a script sees. The numbers never change.</summary>
public static class ExitCode
{
    public const int Done = 0;

    /// <summary>The server said no, and why.</summary>
    public const int Refused = 1;

    /// <summary>The command line is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>There is no running server, or it does not answer.</summary>
    public const int NotReachable = 3;
}
