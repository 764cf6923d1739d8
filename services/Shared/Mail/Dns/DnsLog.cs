using DnsClient;
using Microsoft.Extensions.Logging;

namespace Merpati.Mail.Dns;

/// <summary>Log events 7100 to 7199.</summary>
internal static partial class DnsLog
{
    [LoggerMessage(7100, LogLevel.Information, "DNS is asked at {Servers}; their DNSSEC validation is trusted.")]
    public static partial void ResolversTrusted(this ILogger logger, string servers);

    [LoggerMessage(7101, LogLevel.Information, "DNS is asked at {Servers}; their DNSSEC validation is not trusted, so that there is no DANE.")]
    public static partial void ResolversNotTrusted(this ILogger logger, string servers);

    [LoggerMessage(7102, LogLevel.Debug, "DNS gives no answer for {Name} {Type}: {Reason}")]
    public static partial void QuestionFailed(this ILogger logger, string name, QueryType type, string reason);

    [LoggerMessage(7110, LogLevel.Information, "The MTA-STS policy of {Domain} cannot be had: {Reason}")]
    public static partial void PolicyNotFetched(this ILogger logger, string domain, string reason);
}
