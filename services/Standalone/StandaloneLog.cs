using Microsoft.Extensions.Logging;

namespace Merpati.Standalone;

/// <summary>Log events 9000 to 9099.</summary>
internal static partial class StandaloneLog
{
    [LoggerMessage(9000, LogLevel.Warning, "PASSWORDS ARE TAKEN WITHOUT TLS (allowPlaintextAuth): anybody on the way can read them. For tests on loopback only")]
    public static partial void PlaintextAuth(ILogger logger);
}
