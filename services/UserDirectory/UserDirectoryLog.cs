using System.Net;
using Merpati.Accounts;
using Merpati.Mailboxes;
using Microsoft.Extensions.Logging;

namespace Merpati.UserDirectory;

/// <summary>Log events 6000 to 6999. Logins may be mistyped passwords: a login that is not known is never written out.</summary>
internal static partial class UserDirectoryLog
{
    [LoggerMessage(6000, LogLevel.Information, "Login of account {Account} by {Protocol} from {Client}")]
    public static partial void LoggedIn(this ILogger logger, AccountId account, LoginProtocol protocol, IPAddress? client);

    [LoggerMessage(6001, LogLevel.Warning, "Login by {Protocol} from {Client} failed: {Reason} (account {Account})")]
    public static partial void LoginFailed(this ILogger logger, LoginProtocol protocol, IPAddress? client, string reason, AccountId? account);

    [LoggerMessage(6002, LogLevel.Warning, "Login by {Protocol} from {Client} put off for {RetryAfter}")]
    public static partial void LoginThrottled(this ILogger logger, LoginProtocol protocol, IPAddress? client, TimeSpan retryAfter);

    [LoggerMessage(6003, LogLevel.Information, "The password verifiers of account {Account} were made anew with the parameters of today")]
    public static partial void Rehashed(this ILogger logger, AccountId account);

    [LoggerMessage(6004, LogLevel.Error, "The password verifier of account {Account} cannot be read; nobody can log in to it until its password is set again")]
    public static partial void UnreadableVerifier(this ILogger logger, AccountId account);

    [LoggerMessage(6005, LogLevel.Information, "The DKIM key {Record} can be seen in DNS and signs from now on")]
    public static partial void DkimKeySigns(this ILogger logger, string record);

    [LoggerMessage(6006, LogLevel.Warning, "The announced DKIM keys cannot be looked after now")]
    public static partial void DkimLookFailed(this ILogger logger, Exception exception);

    [LoggerMessage(6011, LogLevel.Information, "Account {Account} was exported: {Messages} messages, {Octets} octets; {Damaged} messages were damaged and left out")]
    public static partial void Exported(this ILogger logger, AccountId account, long messages, long octets, int damaged);

    [LoggerMessage(6012, LogLevel.Information, "{Messages} messages, {Octets} octets, were imported into account {Account}; {Known} were there already")]
    public static partial void Imported(this ILogger logger, AccountId account, long messages, long octets, long known);

    [LoggerMessage(6010, LogLevel.Information, "{Change} {Subject}: {Outcome}")]
    public static partial void Changed(this ILogger logger, string change, string subject, DirectoryOutcome outcome);
}
