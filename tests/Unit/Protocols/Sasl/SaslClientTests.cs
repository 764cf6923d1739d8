using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Sasl;

/// <summary>The client's side of the mechanisms: RFC 4616, RFC 7677, LOGIN, XOAUTH2.</summary>
public sealed class SaslClientTests
{
    private const string ServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    [Fact]
    public void The_example_of_rfc_7677()
    {
        var client = new ScramSha256Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        Text(client.InitialResponse).Should().Be("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        Text(client.Respond(Octets(ServerFirst))).Should().Be("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        client.IsComplete.Should().BeFalse("the server has not proved anything yet");
        Text(client.Respond(Octets("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))).Should().BeEmpty();
        client.IsComplete.Should().BeTrue();
        client.Respond(Octets("more")).Should().BeNull();
    }

    [Theory]
    [InlineData("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")]
    [InlineData("v=")]
    [InlineData("e=invalid-proof")]
    [InlineData("")]
    public void A_server_that_does_not_know_the_password_is_not_believed(string serverFinal)
    {
        var client = new ScramSha256Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
        client.Respond(Octets(ServerFirst)).Should().NotBeNull();
        client.Respond(Octets(serverFinal)).Should().BeNull();
        client.IsComplete.Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=other%hvYDpWUa2RaTCAfuxFIlj,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=***,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==")]
    [InlineData("m=ext,r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    public void What_is_no_first_message_of_a_server_is_given_up(string serverFirst)
        => new ScramSha256Client("user", "pencil", "rOprNGfwEbeRWgbNEkqO").Respond(Octets(serverFirst)).Should().BeNull();

    [Fact]
    public async Task Every_mechanism_for_a_password_satisfies_our_own_server()
    {
        foreach (var client in SaslClient.ForPassword(SingleAccountDirectory.Login, SingleAccountDirectory.Password))
        {
            var server = SaslServer.Create(client.Mechanism, new SingleAccountDirectory(), LoginProtocol.Submission, client: null)!;
            var step = await server.StepAsync(client.InitialResponse, CancellationToken.None);
            while (step is SaslStep.Challenge challenge) step = await server.StepAsync(client.Respond(challenge.Data), CancellationToken.None);
            step.Should().BeOfType<SaslStep.Granted>();
            client.IsComplete.Should().BeTrue();
        }
    }

    [Fact]
    public void LOGIN_answers_twice_and_no_more()
    {
        var client = new LoginClient("joe", "secret");
        client.InitialResponse.Should().BeNull();
        Text(client.Respond(Octets("Username:"))).Should().Be("joe");
        Text(client.Respond(Octets("Password:"))).Should().Be("secret");
        client.Respond(Octets("Shoe size:")).Should().BeNull();
    }

    [Fact]
    public void PLAIN_has_nothing_more_to_say() => new PlainClient("joe", "secret").Respond(Octets("")).Should().BeNull();

    private static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte>? octets) => Encoding.UTF8.GetString(octets!.Value.Span);
}
