using System.Net;
using Merpati.Protocols.Smtp;
using Merpati.Queueing;
using Merpati.SmtpIngress.Scanners;
using Microsoft.Extensions.Logging;

namespace Merpati.SmtpIngress;

/// <summary>Log events 1100 to 1199.</summary>
internal static partial class IngressLog
{
    private static readonly Func<ILogger, SmtpRole, IPEndPoint, IDisposable?> SessionScope = LoggerMessage.DefineScope<SmtpRole, IPEndPoint>("SMTP {Role} session of {Client}");

    public static IDisposable? BeginSession(this ILogger logger, SmtpRole role, IPEndPoint client) => SessionScope(logger, role, client);

    [LoggerMessage(1100, LogLevel.Information, "Accepted {QueueId}: {Size} octets from {ReversePath} for {Recipients} recipients, from {Hello} [{Client}] with {Protocol}")]
    public static partial void Accepted(this ILogger logger, QueueId queueId, long size, string reversePath, int recipients, string hello, IPAddress client, string protocol);

    [LoggerMessage(1101, LogLevel.Information, "Refused {Verb} of {Client}: {Reply}")]
    public static partial void Refused(this ILogger logger, string verb, IPAddress client, SmtpReply reply);

    [LoggerMessage(1102, LogLevel.Error, "The directory did not answer about {Address}")]
    public static partial void DirectoryFault(this ILogger logger, Exception fault, string address);

    [LoggerMessage(1103, LogLevel.Error, "Could not store {QueueId}")]
    public static partial void StoreFault(this ILogger logger, Exception fault, QueueId queueId);

    [LoggerMessage(1104, LogLevel.Warning, "No room to store {QueueId}: {Detail}")]
    public static partial void StoreFull(this ILogger logger, QueueId queueId, string detail);

    [LoggerMessage(1105, LogLevel.Error, "Could not write the timeline of {QueueId}; the message itself is safe")]
    public static partial void JournalFault(this ILogger logger, Exception fault, QueueId queueId);

    [LoggerMessage(1106, LogLevel.Information, "Refused recipient {Recipient}: {Reply}")]
    public static partial void RecipientRefused(this ILogger logger, string recipient, SmtpReply reply);

    [LoggerMessage(1107, LogLevel.Information, "{QueueId} was passed on for {Client}, hello {Hello}, protocol {Protocol}, there known as {Identifier}")]
    public static partial void Forwarded(this ILogger logger, QueueId queueId, string client, string? hello, string? protocol, string? identifier);

    [LoggerMessage(1108, LogLevel.Information, "Turned {Client} away: {Reason}")]
    public static partial void TurnedAway(this ILogger logger, IPAddress client, string reason);

    [LoggerMessage(1110, LogLevel.Information, "{QueueId}: {Action} by {Rule} of policy {Policy}, score {Score}")]
    public static partial void Judged(this ILogger logger, QueueId queueId, string action, string rule, string policy, double score);

    [LoggerMessage(1111, LogLevel.Information, "The policy {File} has changed: {Name}, version {Version}, judges from now on")]
    public static partial void PolicyChanged(this ILogger logger, string file, string name, string version);

    [LoggerMessage(1112, LogLevel.Error, "The policy {File} cannot be used: {Detail} Version {Version} goes on judging")]
    public static partial void PolicyUnusable(this ILogger logger, string file, string detail, string version);

    [LoggerMessage(1113, LogLevel.Warning, "{Whose} exceeds {Reason}: {Limit} in {Within}")]
    public static partial void RateAlarm(this ILogger logger, string reason, string whose, long limit, TimeSpan within);

    [LoggerMessage(1114, LogLevel.Warning, "The greylist cannot be had, nobody waits: {Detail}")]
    public static partial void GreylistFault(this ILogger logger, string detail);

    [LoggerMessage(1115, LogLevel.Error, "All {Connections} clients of port 25 so far had the address {Client}: something hides them")]
    public static partial void ClientsHidden(this ILogger logger, IPAddress client, int connections);

    [LoggerMessage(1120, LogLevel.Warning, "The scanner {Scanner} at {Address} did not look at {QueueId}: {Detail}; such mail is to be: {Answer}")]
    public static partial void ScannerAway(this ILogger logger, QueueId queueId, string scanner, string address, string detail, MissingAnswer answer);

    [LoggerMessage(1121, LogLevel.Information, "{QueueId}: the scanner {Scanner} asks to {Action} it: {Result} {Found}")]
    public static partial void ScannerAsks(this ILogger logger, QueueId queueId, string scanner, string action, string result, string found);

    [LoggerMessage(1122, LogLevel.Information, "The filter {Scanner} refuses: {Reply}")]
    public static partial void FilterRefused(this ILogger logger, string scanner, SmtpReply reply);

    [LoggerMessage(1123, LogLevel.Warning, "What the scanner {Scanner} wants to be changed cannot be: {Detail}")]
    public static partial void ScannerNonsense(this ILogger logger, string scanner, string detail);

    [LoggerMessage(1124, LogLevel.Information, "{QueueId} is kept as the scanners want it: {Size} octets")]
    public static partial void Rewritten(this ILogger logger, QueueId queueId, long size);

    [LoggerMessage(1125, LogLevel.Warning, "The content of {QueueId}, which was refused, could not be removed; the collector will")]
    public static partial void RefusedContentStays(this ILogger logger, Exception fault, QueueId queueId);

    [LoggerMessage(1126, LogLevel.Error, "The scanner {Scanner} at {Address} failed {Failures} times in a row and rests: mail is to be {Answer} without asking it, and one message tries it again after {Rest}")]
    public static partial void ScannerRests(this ILogger logger, string scanner, string address, int failures, MissingAnswer answer, TimeSpan rest);

    [LoggerMessage(1127, LogLevel.Information, "The scanner {Scanner} at {Address} answers again and is in use")]
    public static partial void ScannerBack(this ILogger logger, string scanner, string address);

    [LoggerMessage(1128, LogLevel.Information, "The scanner {Scanner} rests and was not asked about {QueueId}; such mail is to be: {Answer}")]
    public static partial void ScannerNotAsked(this ILogger logger, QueueId queueId, string scanner, MissingAnswer answer);

    [LoggerMessage(1116, LogLevel.Error, "{QueueId} was refused for now: the rule {Rule} redirects to {To}, which takes no mail here")]
    public static partial void RedirectsNowhere(this ILogger logger, QueueId queueId, string rule, string to);
}
