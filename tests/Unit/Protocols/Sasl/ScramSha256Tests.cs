using System.Net;
using System.Security.Cryptography;
using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Sasl;

public sealed class ScramSha256Tests
{
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";

    private readonly SingleAccountDirectory _directory = new();

    [Fact]
    public async Task The_example_of_rfc_7677()
    {
        var server = new ScramSha256(new SaslContext(new ExampleDirectory(), LoginProtocol.Imap, Client: null), binds: false, () => "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
        Text(await StepAsync(server, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"))
            .Should().Be("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        Text(await StepAsync(server, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
            .Should().Be("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        (await StepAsync(server, "")).Should().BeOfType<SaslStep.Granted>();
    }

    [Theory]
    [InlineData("n,,")]
    [InlineData("y,,")]
    [InlineData("n,a=ann@example.test,")]
    public async Task The_right_password_is_granted_after_the_servers_signature(string gs2Header)
    {
        var client = new ScramClient(SingleAccountDirectory.Login, SingleAccountDirectory.Password, Nonce, gs2Header);
        var server = Create();
        var serverFirst = Text(await StepAsync(server, client.First));
        Text(await StepAsync(server, client.Final(serverFirst))).Should().Be(client.ServerFinal);
        (await StepAsync(server, "")).Should().BeOfType<SaslStep.Granted>().Which.Account.Should().Be(_directory.Account);
    }

    [Theory]
    [InlineData(SingleAccountDirectory.Login, "wrong")]
    [InlineData("nobody@example.test", SingleAccountDirectory.Password)]
    public async Task A_wrong_password_and_an_unknown_login_look_alike(string login, string password)
    {
        var client = new ScramClient(login, password, Nonce);
        var server = Create();
        var serverFirst = Text(await StepAsync(server, client.First));
        serverFirst.Should().StartWith("r=" + Nonce).And.EndWith(",i=4096");
        (await StepAsync(server, client.Final(serverFirst))).Should().BeOfType<SaslStep.Denied>();
        _directory.Logins.Should().Equal((login, LoginProtocol.Imap, false));
    }

    [Fact]
    public async Task Every_exchange_has_a_nonce_of_its_own()
    {
        var client = new ScramClient(SingleAccountDirectory.Login, SingleAccountDirectory.Password, Nonce);
        var one = Text(await StepAsync(Create(), client.First));
        var other = Text(await StepAsync(Create(), client.First));
        one.Should().NotBe(other);
        one.Split(',')[0].Length.Should().BeGreaterThanOrEqualTo(2 + Nonce.Length + 24);
    }

    [Theory]
    [InlineData("c=eSws")] // "y,,", while the first message said "n,,"
    [InlineData("c=AAAA")]
    public async Task A_changed_channel_binding_is_denied(string binding)
    {
        var (server, final) = await UpToFinalAsync();
        (await StepAsync(server, final.Replace("c=biws", binding, StringComparison.Ordinal))).Should().BeOfType<SaslStep.Denied>();
    }

    [Fact]
    public async Task A_changed_nonce_is_denied()
    {
        var (server, final) = await UpToFinalAsync();
        (await StepAsync(server, final.Replace("r=" + Nonce, "r=X" + Nonce, StringComparison.Ordinal))).Should().BeOfType<SaslStep.Denied>();
    }

    [Fact]
    public async Task Another_authorization_identity_is_denied()
        => (await StepAsync(Create(), "n,a=bob@example.test,n=ann@example.test,r=abc")).Should().BeOfType<SaslStep.Denied>();

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData(",,,")]
    [InlineData("n,,")]
    [InlineData("n,,n=user")]
    [InlineData("n,,r=abc,n=user")]
    [InlineData("p=tls-unique,,n=user,r=abc")]
    [InlineData("x,,n=user,r=abc")]
    [InlineData("n,b=user,n=user,r=abc")]
    [InlineData("n,,m=ext,n=user,r=abc")]
    [InlineData("n,,n=,r=abc")]
    [InlineData("n,,n=user,r=")]
    [InlineData("n,,n=user,r=with space")]
    [InlineData("n,,n=us=er,r=abc")]
    [InlineData("n,,n=us=2cer,r=abc")]
    [InlineData("n,,n=user=,r=abc")]
    public async Task What_is_no_first_message_is_malformed(string message)
        => (await StepAsync(Create(), message)).Should().BeOfType<SaslStep.Malformed>();

    [Theory]
    [InlineData("")]
    [InlineData("c=biws")]
    [InlineData("c=biws,r=x")]
    [InlineData("c=biws,r=x,p=")]
    [InlineData("c=biws,r=x,p=AAAA")]
    [InlineData("c=biws,r=x,p=!!!!")]
    [InlineData("r=x,c=biws,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    [InlineData(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")]
    [InlineData("c=biws,r=x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=,x=y")]
    public async Task What_is_no_final_message_is_malformed(string message)
    {
        var (server, _) = await UpToFinalAsync();
        (await StepAsync(server, message)).Should().BeOfType<SaslStep.Malformed>();
        _directory.Logins.Should().BeEmpty();
    }

    [Fact]
    public async Task Data_after_the_servers_signature_is_malformed()
    {
        var (server, final) = await UpToFinalAsync();
        await StepAsync(server, final);
        (await StepAsync(server, "more")).Should().BeOfType<SaslStep.Malformed>();
    }

    [Fact]
    public async Task Too_many_failures_are_throttled_before_any_key_is_shown()
    {
        _directory.Throttles = true;
        (await StepAsync(Create(), "n,,n=ann@example.test,r=abc")).Should().BeOfType<SaslStep.Throttled>();
    }

    [Fact]
    public async Task A_name_with_comma_and_equals_sign_is_unescaped()
    {
        var server = Create();
        var client = new ScramClient("a=2C,b", "x", Nonce);
        client.First.Should().Be("n,,n=a=3D2C=2Cb,r=" + Nonce);
        await StepAsync(server, client.Final(Text(await StepAsync(server, client.First))));
        _directory.Logins.Should().ContainSingle().Which.Login.Should().Be("a=2C,b");
    }

    [Fact]
    public async Task Octets_that_are_not_utf8_and_too_many_octets_are_malformed()
    {
        (await Create().StepAsync(new byte[] { 0x6E, 0xFF, 0xFE }, default)).Should().BeOfType<SaslStep.Malformed>();
        (await StepAsync(Create(), "n,,n=user,r=" + new string('x', SaslServer.MaxResponseLength))).Should().BeOfType<SaslStep.Malformed>();
    }

    private SaslServer Create() => SaslServer.Create("scram-sha-256", new SaslContext(_directory, LoginProtocol.Imap, Client: null))!;

    private async Task<(SaslServer Server, string Final)> UpToFinalAsync()
    {
        var client = new ScramClient(SingleAccountDirectory.Login, SingleAccountDirectory.Password, Nonce);
        var server = Create();
        return (server, client.Final(Text(await StepAsync(server, client.First))));
    }

    private static async Task<SaslStep> StepAsync(SaslServer server, string message) => await server.StepAsync(Encoding.UTF8.GetBytes(message), default);

    private static string Text(SaslStep step) => Encoding.UTF8.GetString(step.Should().BeOfType<SaslStep.Challenge>().Which.Data.Span);

    /// <summary>User "user", password "pencil", and the salt of the RFC.</summary>
    private sealed class ExampleDirectory : IDirectory
    {
        private readonly SingleAccountDirectory _rest = new();

        public ValueTask<ScramCredential?> GetScramCredentialAsync(string login, IPAddress? client, CancellationToken cancellationToken)
        {
            var salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
            var salted = Rfc2898DeriveBytes.Pbkdf2("pencil", salt, 4096, HashAlgorithmName.SHA256, 32);
            return ValueTask.FromResult<ScramCredential?>(new ScramCredential(salt, 4096, SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8)), HMACSHA256.HashData(salted, "Server Key"u8)));
        }

        public ValueTask<LoginOutcome> CompleteScramAsync(string login, bool proven, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken)
            => ValueTask.FromResult<LoginOutcome>(proven && login == "user" ? new LoginOutcome.Granted(_rest.Account) : new LoginOutcome.Denied());

        public ValueTask<Resolution> ResolveAsync(Merpati.Addresses.EmailAddress address, CancellationToken cancellationToken) => _rest.ResolveAsync(address, cancellationToken);

        public ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken) => _rest.IsLocalDomainAsync(domain, cancellationToken);

        public ValueTask<Account?> GetAccountAsync(Merpati.Mailboxes.AccountId account, CancellationToken cancellationToken) => _rest.GetAccountAsync(account, cancellationToken);

        public ValueTask<LoginOutcome> LoginAsync(string login, string password, LoginProtocol protocol, IPAddress? client, CancellationToken cancellationToken) => _rest.LoginAsync(login, password, protocol, client, cancellationToken);

        public ValueTask<bool> MaySendAsAsync(Merpati.Mailboxes.AccountId account, Merpati.Addresses.EmailAddress sender, CancellationToken cancellationToken) => _rest.MaySendAsAsync(account, sender, cancellationToken);

        public ValueTask<Merpati.Addresses.EmailAddress?> RewriteSenderAsync(Merpati.Addresses.EmailAddress sender, string forwarder, CancellationToken cancellationToken) => _rest.RewriteSenderAsync(sender, forwarder, cancellationToken);
    }
}
