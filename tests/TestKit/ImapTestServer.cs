using System.Net;
using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Mailboxes;
using Merpati.Platform.Bus;
using Merpati.Protocols.Imap;
using Merpati.Protocols.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Merpati.TestKit;

/// <summary>Mailboxes into which a test can put a message as delivery would, with a trace prefix.</summary>
public interface ITestMailboxes : IMailboxes
{
    Task<Appended> DeliverAsync(AccountId account, MailboxName mailbox, byte[] content, string tracePrefix = "", MessageFlags? flags = null, DateTimeOffset? internalDate = null);
}

/// <summary>Makes the mailboxes of a server from its feed, its clock and its directory.</summary>
public delegate ITestMailboxes MakeMailboxes(IMailboxChangeFeed feed, FakeTimeProvider time, OneAccountDirectory directory);

/// <summary>A server that is no engine in the process of the test: how it is reached.</summary>
/// <param name="Imap">A connection to it.</param>
/// <param name="Pop3">One to the same mailboxes.</param>
/// <param name="AddAccount">One more account, with the password of the first unless it is shared.</param>
public sealed record ServerElsewhere(ServeConnection Imap, ServeConnection Pop3, Func<NewTestAccount, Task<Account>> AddAccount);

/// <param name="Shared">Of no person: nobody logs in to it.</param>
public sealed record NewTestAccount(string Address, bool Shared = false, bool Enabled = true, long? QuotaOctets = null);

/// <summary>
/// An IMAP engine over mailboxes, in memory unless others are given, with one account: login <c>ann@example.test</c>, password <c>secret</c>.
/// </summary>
public sealed class ImapTestServer
{
    public const string Login = "ann@example.test";
    public const string Password = "secret";

    private readonly ServeConnection _serve;

    /// <param name="quotaOctets">Of the account; null for no limit.</param>
    public ImapTestServer(ImapOptions? options = null, ILogger? log = null, MakeMailboxes? mailboxes = null, long? quotaOctets = null)
    {
        Account = new Account { Id = AccountId.New(Time), Address = EmailAddress.Parse(Login), QuotaOctets = quotaOctets };
        Directory = new OneAccountDirectory(Account, Password);
        Mailboxes = mailboxes is null ? new InMemoryMailboxes(Feed, Time) : mailboxes(Feed, Time, Directory);
        if (Mailboxes is InMemoryMailboxes memory) memory.QuotaOctets = quotaOctets;
        _serve = new ImapEngine(options ?? new ImapOptions { AllowPlaintextAuth = true }, Directory, Mailboxes, Feed, Time, log ?? NullLogger.Instance).RunAsync;
    }

    /// <summary>A server elsewhere, with that account and on the clock of the world; the transcripts talk to it as to the engine.</summary>
    public ImapTestServer(Account account, ITestMailboxes mailboxes, ServerElsewhere elsewhere)
    {
        Account = account;
        Directory = new OneAccountDirectory(Account, Password);
        Mailboxes = mailboxes;
        Elsewhere = elsewhere;
        _serve = elsewhere.Imap;
    }

    /// <summary>Null where the engine runs in this process.</summary>
    public ServerElsewhere? Elsewhere { get; }

    /// <summary>The server's: of this process, that of <see cref="Time"/>.</summary>
    public DateTimeOffset Now => Elsewhere is null ? Time.GetUtcNow() : TimeProvider.System.GetUtcNow();

    /// <summary>One more account, with the same password unless it is shared, and with its first mailboxes.</summary>
    public async Task<Account> AddAccountAsync(string address, bool shared = false, bool enabled = true)
    {
        var account = Elsewhere is null
            ? new Account { Id = AccountId.New(Time), Address = EmailAddress.Parse(address), Shared = shared, Enabled = enabled }
            : await Elsewhere.AddAccount(new NewTestAccount(address, shared, enabled));
        Directory.Add(account);
        await Mailboxes.EnsureAccountAsync(account.Id, CancellationToken.None);
        return account;
    }

    /// <summary>Gives rights to a mailbox of the first account, as SETACL does.</summary>
    public async Task GrantAsync(Grantee grantee, MailboxRights rights, string mailbox = "INBOX", Account? owner = null)
    {
        var of = (owner ?? Account).Id;
        await Mailboxes.EnsureAccountAsync(of, CancellationToken.None);
        var found = await Mailboxes.FindAsync(of, MailboxName.Parse(mailbox), CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {mailbox}.");
        await Mailboxes.GrantAsync(of, found.Id, [new GrantChange(grantee, false, FlagOperation.Replace, rights)], CancellationToken.None);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 14, 9, 26, 53, TimeSpan.Zero));

    public LocalMailboxChangeFeed Feed { get; } = new();

    public Account Account { get; }

    public OneAccountDirectory Directory { get; }

    public ITestMailboxes Mailboxes { get; }

    /// <summary>The mailboxes in memory, for what can go wrong with them.</summary>
    public InMemoryMailboxes Memory => (InMemoryMailboxes)Mailboxes;

    public ValueTask ServeAsync(ITransport transport, SessionLifetime lifetime) => _serve(transport, lifetime);

    public Transcript Transcript(TransportSettings? settings = null) => new(ServeAsync, settings, Time);

    /// <summary>Puts a message in as delivery would; line breaks may be LF.</summary>
    public async Task<Appended> DeliverAsync(string message, string mailbox = "INBOX", string tracePrefix = "", SystemFlags flags = SystemFlags.None, DateTimeOffset? internalDate = null)
    {
        await Mailboxes.EnsureAccountAsync(Account.Id, CancellationToken.None);
        return await Mailboxes.DeliverAsync(Account.Id, MailboxName.Parse(mailbox), Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n")), tracePrefix, new MessageFlags(flags, []), internalDate);
    }

    public async Task<MailboxInfo> MailboxAsync(string name)
        => await Mailboxes.FindAsync(Account.Id, MailboxName.Parse(name), CancellationToken.None) ?? throw new InvalidOperationException($"No mailbox {name}.");

    public async Task<IReadOnlyList<MessageInfo>> MessagesAsync(string mailbox)
        => await Mailboxes.MessagesAsync(Account.Id, (await MailboxAsync(mailbox)).Id, UidSet.All, CancellationToken.None).ToListAsync();

    public async Task<byte[]> OctetsAsync(MessageInfo message)
    {
        await using var stream = await Mailboxes.OpenAsync(Account.Id, message, 0, message.Size, CancellationToken.None);
        var octets = new byte[message.Size];
        await stream.ReadExactlyAsync(octets);
        return octets;
    }
}

/// <summary>A directory that knows one account and its password; and those that are added, which have the same.</summary>
public sealed class OneAccountDirectory(Account known, string secret) : IDirectory
{
    private const int Iterations = 4096;
    private static readonly byte[] Salt = Encoding.ASCII.GetBytes("a test's salt...");

    private readonly List<Account> _accounts = [known];

    public bool Throttled { get; set; }

    public void Add(Account account) => _accounts.Add(account);

    public void Remove(Account account) => _accounts.Remove(account);

    public ValueTask<Resolution> ResolveAsync(EmailAddress address, CancellationToken cancellationToken)
        => new(_accounts.Find(account => account.Address.Equals(address)) switch
        {
            null => new Resolution.UnknownUser(),
            { Enabled: false } => new Resolution.Disabled(),
            var account => new Resolution.LocalAccount(account, null),
        });

    public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => new(_accounts.Exists(account => account.Address.Domain == domain));

    public ValueTask<Account?> GetAccountAsync(AccountId account, CancellationToken cancellationToken) => new(_accounts.Find(other => other.Id == account));

    public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
        => CompleteScramAsync(login, password == secret, protocol, client, cancellationToken);

    public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
    {
        if (Throttled) return new((ScramCredential?)null);
        var salted = Rfc2898DeriveBytes.Pbkdf2(secret, Salt, Iterations, HashAlgorithmName.SHA256, 32);
        var storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        return new(new ScramCredential(Salt, Iterations, storedKey, HMACSHA256.HashData(salted, "Server Key"u8)));
    }

    public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
    {
        if (Throttled) return new(new LoginOutcome.Throttled(TimeSpan.FromMinutes(1)));
        return new(proven && _accounts.Find(account => account.Address.ToString() == login) is { Enabled: true, Shared: false } account ? new LoginOutcome.Granted(account) : new LoginOutcome.Denied());
    }

    public ValueTask<bool> MaySendAsAsync(AccountId account, EmailAddress sender, CancellationToken cancellationToken) => new(_accounts.Exists(other => other.Id == account && sender.Equals(other.Address)));

    public ValueTask<EmailAddress?> RewriteSenderAsync(EmailAddress sender, string forwarder, CancellationToken cancellationToken) => throw new NotSupportedException();
}
