using System.Net;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// A login, step by step:
/// <list type="number">
/// <item>Too many failures lately: put off, nothing is computed.</item>
/// <item>The account and its verifier are read from the store, never from a cache: a password or account that was just changed is changed.</item>
/// <item>A password that was right a moment ago is right.</item>
/// <item>Else one Argon2id computation, in turn, against the account's verifier, or against a dummy when there is no such login or no password: the time is the same.</item>
/// <item>The failure is counted, or the login's failures are forgotten.</item>
/// <item>A verifier with weaker parameters than today's is made anew, as the password is at hand.</item>
/// </list>
/// </summary>
internal sealed class LoginCheck(
    IDirectoryStore store,
    HashingGate gate,
    CredentialMaker credentials,
    RecentLogins recent,
    LoginThrottle throttle,
    IOptions<UserDirectoryOptions> options,
    ILogger<LoginCheck> logger)
{
    private static readonly TimeSpan BusyDelay = TimeSpan.FromSeconds(2);

    private readonly Argon2idVerifier _dummy = Argon2idVerifier.MakeUp(Argon2Parameters.From(options.Value));

    public async ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        using var activity = UserDirectoryTelemetry.Source.StartActivity("Login");
        var outcome = await CheckAsync(login, password, protocol, client, cancellationToken);
        activity?.SetTag("merpati.login.outcome", outcome.GetType().Name);
        UserDirectoryTelemetry.CountLogin(protocol, outcome);
        return outcome;
    }

    /// <summary>Null when throttled. An account that is switched off gets its own keys: only the end tells, and it tells no more than "denied".</summary>
    public async ValueTask<ScramCredential?> FindScramAsync(string login, IPAddress? client, CancellationToken cancellationToken)
    {
        if (throttle.Delay(login, client) > TimeSpan.Zero) return null;
        var account = await FindAccountAsync(login, cancellationToken);
        var credential = account is null ? null : await store.FindCredentialAsync(account.Id, cancellationToken);
        var secret = await store.InstallationSecretAsync(cancellationToken);
        var madeUp = ScramKeys.MakeUp(secret, login.ToLowerInvariant(), options.Value.ScramIterations);
        return credential?.Scram ?? madeUp;
    }

    public async ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        // Asked again: many exchanges may have been begun before the first of them failed.
        var delay = throttle.Delay(login, client);
        var account = await FindAccountAsync(login, cancellationToken);
        var outcome = delay > TimeSpan.Zero ? Throttled(protocol, client, delay) : Conclude(login, account, proven, protocol, client);
        UserDirectoryTelemetry.CountLogin(protocol, outcome);
        return outcome;
    }

    private async ValueTask<LoginOutcome> CheckAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        var delay = throttle.Delay(login, client);
        if (delay > TimeSpan.Zero) return Throttled(protocol, client, delay);

        var account = await FindAccountAsync(login, cancellationToken);
        var credential = account is null ? null : await store.FindCredentialAsync(account.Id, cancellationToken);
        var prepared = PreparedPassword.From(password);
        var usable = PreparedPassword.IsUsable(prepared);
        if (account is not null && credential is not null && recent.Knows(account.Id, credential.Argon2id, prepared))
        {
            return Conclude(login, account, true, protocol, client);
        }

        using var turn = await gate.TryEnterAsync(cancellationToken);
        if (turn is null) return Throttled(protocol, client, BusyDelay);
        // Failures that came in while this one stood in line count for it too.
        delay = throttle.Delay(login, client);
        if (delay > TimeSpan.Zero) return Throttled(protocol, client, delay);

        Argon2idVerifier? verifier = null;
        if (credential is not null && !Argon2idVerifier.TryParse(credential.Argon2id, out verifier)) logger.UnreadableVerifier(account!.Id);
        if (!usable) verifier = null; // nobody has such a password; it costs the same
        var matches = await (verifier ?? _dummy).VerifyAsync(usable ? prepared : "unusable");
        var outcome = Conclude(login, account, matches && verifier is not null, protocol, client);
        if (outcome is LoginOutcome.Granted granted)
        {
            var current = credentials.IsOutdated(verifier!, credential!) ? await RehashAsync(granted.Account, credential!, password, cancellationToken) : credential!;
            recent.Remember(granted.Account.Id, current.Argon2id, prepared);
        }
        return outcome;
    }

    private LoginOutcome Conclude(string login, Account? account, bool proven, LoginProtocol protocol, IPAddress? client)
    {
        if (account is { Enabled: true, Shared: false } && proven)
        {
            throttle.Succeeded(login, client);
            logger.LoggedIn(account.Id, protocol, client);
            return new LoginOutcome.Granted(account);
        }
        throttle.Failed(login, client);
        logger.LoginFailed(protocol, client, account is null ? "no such login" : proven ? "the account is switched off" : "wrong password", account?.Id);
        return new LoginOutcome.Denied();
    }

    private LoginOutcome.Throttled Throttled(LoginProtocol protocol, IPAddress? client, TimeSpan delay)
    {
        logger.LoginThrottled(protocol, client, delay);
        return new LoginOutcome.Throttled(delay);
    }

    private async ValueTask<Credential> RehashAsync(Account account, Credential outdated, string password, CancellationToken cancellationToken)
    {
        var renewed = await credentials.MakeInTurnAsync(password);
        // Unless the password was changed meanwhile: the old one must not come back.
        if (await store.FindCredentialAsync(account.Id, cancellationToken) is not { } stored || stored.Argon2id != outdated.Argon2id) return outdated;
        if (await store.SetCredentialAsync(account.Id, renewed, cancellationToken) != DirectoryOutcome.Done) return outdated;
        logger.Rehashed(account.Id);
        return renewed;
    }

    private ValueTask<Account?> FindAccountAsync(string login, CancellationToken cancellationToken)
    {
        var text = options.Value.DefaultLoginDomain is { } domain && !login.Contains('@', StringComparison.Ordinal) ? $"{login}@{domain}" : login;
        return EmailAddress.TryParse(text, out var address) ? store.FindAccountAsync(address, cancellationToken) : ValueTask.FromResult<Account?>(null);
    }
}
