using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;

namespace Merpati.TestKit;

/// <summary>A directory in memory that knows one account, ann@example.test, by password and by SCRAM.</summary>
public sealed class SingleAccountDirectory : IDirectory
{
    public const string Login = "ann@example.test";

    public const string Password = "correct horse";

    private const int Iterations = 4096;

    private static readonly byte[] Salt = Encoding.ASCII.GetBytes("a salt of sixtee");

    public Account Account { get; init; } = new() { Id = new AccountId(new Guid("0199f0a0-0000-7000-8000-000000000001")), Address = EmailAddress.Parse(Login) };

    /// <summary>Every login and SCRAM question is answered with "too many failures".</summary>
    public bool Throttles { get; set; }

    /// <summary>Thrown by every login and SCRAM question.</summary>
    public Exception? Outage { get; set; }

    /// <summary>Login, protocol and outcome of what was asked, in order.</summary>
    public List<(string Login, LoginProtocol Protocol, bool Granted)> Logins { get; } = [];

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => Answer(login, protocol, Knows(login) && password == Password);

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
    {
        if (Outage is not null) throw Outage;
        return ValueTask.FromResult(Throttles ? null : Derive(Knows(login) ? Password : "nobody knows this one"));
    }

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => Answer(login, protocol, proven && Knows(login));

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken)
        => ValueTask.FromResult(account == Account.Id ? Account : null);

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => ValueTask.FromResult(domain == "example.test");

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken)
        => ValueTask.FromResult(account == Account.Id && Account.Address.Equals(sender));

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
        => ValueTask.FromResult<Resolution>(Account.Address.Equals(address) ? new Resolution.LocalAccount(Account, Detail: null) : new Resolution.UnknownUser());

    private ValueTask<LoginOutcome> Answer(string login, LoginProtocol protocol, bool right)
    {
        if (Outage is not null) throw Outage;
        Logins.Add((login, protocol, right && !Throttles));
        return ValueTask.FromResult<LoginOutcome>(Throttles ? new LoginOutcome.Throttled(TimeSpan.FromSeconds(30)) : right ? new LoginOutcome.Granted(Account) : new LoginOutcome.Denied());
    }

    private static bool Knows(string login) => login.Equals(Login, StringComparison.OrdinalIgnoreCase);

    private static ScramCredential Derive(string password)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Salt, Iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        return new ScramCredential(Salt, Iterations, SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)), HMACSHA256.HashData(salted, "Server Key"u8));
    }
}
