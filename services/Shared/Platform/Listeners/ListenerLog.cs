using System.Net;
using Microsoft.Extensions.Logging;

namespace Merpati.Platform.Listeners;

/// <summary>Log events 100 to 199, the certificates too.</summary>
internal static partial class ListenerLog
{
    [LoggerMessage(100, LogLevel.Information, "Listening for {Port} on {EndPoint}")]
    public static partial void Listening(ILogger logger, string port, IPEndPoint endPoint);

    [LoggerMessage(101, LogLevel.Warning, "{Port}: too many connections, {Client} was turned away")]
    public static partial void TooManyConnections(ILogger logger, string port, IPEndPoint client);

    [LoggerMessage(102, LogLevel.Information, "{Port}: TLS handshake with {Client} failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, string port, IPEndPoint client, string reason);

    [LoggerMessage(103, LogLevel.Debug, "{Port}: connection with {Client} was lost: {Reason}")]
    public static partial void ConnectionLost(ILogger logger, string port, IPEndPoint client, string reason);

    [LoggerMessage(104, LogLevel.Error, "{Port}: the session with {Client} failed")]
    public static partial void SessionFailed(ILogger logger, Exception exception, string port, IPEndPoint client);

    [LoggerMessage(105, LogLevel.Warning, "{Port}: {Count} sessions did not finish in time and were cut")]
    public static partial void SessionsCut(ILogger logger, string port, int count);

    [LoggerMessage(106, LogLevel.Error, "{Port}: a connection could not be accepted: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, string port, string reason);

    [LoggerMessage(107, LogLevel.Warning, "{Port}: the proxy {Proxy} was turned away: {Reason}")]
    public static partial void ProxyHeaderRefused(ILogger logger, string port, IPEndPoint proxy, string reason);

    [LoggerMessage(108, LogLevel.Debug, "{Port}: the proxy {Proxy} went away: {Reason}")]
    public static partial void ProxyLeft(ILogger logger, string port, IPEndPoint proxy, string reason);

    [LoggerMessage(110, LogLevel.Information, "Certificate of {Names} loaded, valid until {NotAfter:u}")]
    public static partial void CertificateLoaded(ILogger logger, string names, DateTime notAfter);

    [LoggerMessage(111, LogLevel.Error, "The certificate {File} cannot be used, the last good one stays: {Reason}")]
    public static partial void CertificateUnusable(ILogger logger, string file, string reason);

    [LoggerMessage(112, LogLevel.Warning, "The certificate of {Names} ends on {NotAfter:u}")]
    public static partial void CertificateEndsSoon(ILogger logger, string names, DateTime notAfter);
}
