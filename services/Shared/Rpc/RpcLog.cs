using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Merpati.Rpc;

/// <summary>Log events 400 to 499: the calls between services.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(400, LogLevel.Error, "{Method} failed ({Ids})")]
    public static partial void CallFailed(this ILogger logger, string method, string ids, Exception fault);

    [LoggerMessage(401, LogLevel.Warning, "{Method} was refused to {Caller}: it is none of the services that may call it")]
    public static partial void CallRefused(this ILogger logger, string method, string caller);

    [LoggerMessage(402, LogLevel.Warning, "{Method} got a request that nobody should send ({Ids}): {Reason}")]
    public static partial void BadRequest(this ILogger logger, string method, string ids, string reason);

    [LoggerMessage(403, LogLevel.Warning, "{Method} has no store ({Ids}): {Reason}")]
    public static partial void StoreFault(this ILogger logger, string method, string ids, string reason);

    [LoggerMessage(404, LogLevel.Warning, "{Port}: {Method} is tried again, attempt {Attempt}: {Status} {Reason}")]
    public static partial void TryingAgain(this ILogger logger, string port, string method, int attempt, StatusCode status, string reason);

    [LoggerMessage(405, LogLevel.Warning, "{Service} was refused as a peer: {Reason}")]
    public static partial void PeerRefused(this ILogger logger, string service, string reason);

    [LoggerMessage(406, LogLevel.Information, "The certificate for calls between services names {Names} and ends at {NotAfter:u}")]
    public static partial void CertificateLoaded(this ILogger logger, string names, DateTime notAfter);

    [LoggerMessage(407, LogLevel.Error, "The certificate for calls between services cannot be read again; the last good one stays in use: {Reason}")]
    public static partial void CertificateUnusable(this ILogger logger, string reason);

    [LoggerMessage(408, LogLevel.Warning, "CALLS BETWEEN SERVICES ARE NOT PROTECTED (rpc:security is Development): for one machine only")]
    public static partial void Unprotected(this ILogger logger);

    [LoggerMessage(409, LogLevel.Warning, "The lock on the maildrop of {Account} was lost: {Reason}")]
    public static partial void MaildropLost(this ILogger logger, Merpati.Mailboxes.AccountId account, string reason);

    [LoggerMessage(410, LogLevel.Warning, "The certificate for calls between services ends at {NotAfter:u}")]
    public static partial void CertificateEndsSoon(this ILogger logger, DateTime notAfter);

    [LoggerMessage(411, LogLevel.Warning, "The lease on the maildrop of {Account} could not be renewed: {Reason}")]
    public static partial void MaildropNotRenewed(this ILogger logger, Merpati.Mailboxes.AccountId account, string reason);
}
