using System.Net;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Sending;

/// <summary>Log events 7100 to 7149.</summary>
internal static partial class SendingLog
{
    [LoggerMessage(7100, LogLevel.Information, "No TLS with {Host} at {EndPoint}, trying in the clear: {Reason}")]
    public static partial void TlsNotHad(this ILogger logger, string host, IPEndPoint endPoint, string reason);
}
