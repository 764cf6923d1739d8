using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Admin;

/// <summary>Log events 500 to 549: who changed what over the admin API.</summary>
internal static partial class AdminLog
{
    [LoggerMessage(500, LogLevel.Information, "{Who} asked to {Method} {Path}: {Status}")]
    public static partial void Changed(this ILogger logger, string who, string method, string path, int status);

    [LoggerMessage(501, LogLevel.Warning, "{Who}, who is {Role}, was refused {Method} {Path}: that takes {Needed}")]
    public static partial void RoleMissing(this ILogger logger, string who, AdminRole role, string method, string path, AdminRole needed);
}
