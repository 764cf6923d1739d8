using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.TestKit.Smtp;

/// <summary>A directory for tests of SMTP: accounts with one password for all, aliases, and what goes wrong on demand.</summary>
public sealed class MemoryDirectory : IDirectory
{
    public const string Password = "correct horse";

    private static readonly byte[] Salt = "0123456789abcdef"u8.ToArray();

    private readonly Dictionary<EmailAddress, Account> _accounts = [];
    private readonly Dictionary<EmailAddress, EmailAddress[]> _aliases = [];
    private readonly HashSet<string> _domains = new(StringComparer.Ordinal);

    public MemoryDirectory(params string[] addresses)
    {
        foreach (var address in addresses) Add(address);
    }

    /// <summary>Every question fails with it.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Logins are throttled.</summary>
    public bool Throttles { get; set; }

    /// <summary>Takes all unknown users of our domains.</summary>
    public EmailAddress? CatchAll { get; set; }

    public Account Add(string address, bool enabled = true)
    {
        var account = new Account { Id = new AccountId(Guid.NewGuid()), Address = EmailAddress.Parse(address), Enabled = enabled };
        _accounts.Add(account.Address, account);
        _domains.Add(account.Address.Domain);
        return account;
    }

    public void AddAlias(string address, params string[] targets) => _aliases.Add(EmailAddress.Parse(address), [.. targets.Select(EmailAddress.Parse)]);

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult<Resolution>(Resolve(address));
    }

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult(_domains.Contains(domain));
    }

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult(_accounts.Values.FirstOrDefault(other => other.Id == account));
    }

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult(Outcome(login, password == Password));
    }

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(Password), Salt, 4096, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        return ValueTask.FromResult<ScramCredential?>(Throttles ? null : new ScramCredential(Salt, 4096, SHA256.HashData(clientKey), HMACSHA256.HashData(salted, "Server Key"u8)));
    }

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult(Outcome(login, proven));
    }

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        return ValueTask.FromResult(Resolve(sender) is Resolution.LocalAccount { Account: var owner } && owner.Id == account);
    }

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => throw new NotSupportedException();

    private Resolution Resolve(EmailAddress address)
    {
        if (_aliases.TryGetValue(address, out var targets)) return new Resolution.Alias(targets);
        if (!_domains.Contains(address.Domain)) return new Resolution.Remote();
        var plus = address.LocalPart.IndexOf('+', StringComparison.Ordinal);
        var mailbox = plus > 0 ? new EmailAddress(address.LocalPart[..plus], address.Domain) : address;
        if (_accounts.TryGetValue(mailbox, out var account)) return account.Enabled ? new Resolution.LocalAccount(account, plus > 0 ? address.LocalPart[(plus + 1)..] : null) : new Resolution.Disabled();
        return CatchAll is null ? new Resolution.UnknownUser() : new Resolution.Alias([CatchAll]);
    }

    private LoginOutcome Outcome(string login, bool proven)
    {
        if (Throttles) return new LoginOutcome.Throttled(TimeSpan.FromMinutes(1));
        return proven && EmailAddress.TryParse(login, out var address) && _accounts.TryGetValue(address, out var account) && account.Enabled
            ? new LoginOutcome.Granted(account)
            : new LoginOutcome.Denied();
    }

    private void ThrowIfFaulty()
    {
        if (Fault is not null) throw Fault;
    }
}
