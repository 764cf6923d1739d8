using System.Text;
using AwesomeAssertions;
using Merpati.Accounts;
using Merpati.Protocols.Sasl;
using Merpati.TestKit;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Sasl;

/// <summary>SCRAM-SHA-256-PLUS (RFC 7677, RFC 9266): the proof is bound to the TLS connection.</summary>
public sealed class ScramPlusTests
{
    private static readonly byte[] Exported = Encoding.ASCII.GetBytes("thirty-two octets of the channel");
    private static readonly byte[] Certificate = Encoding.ASCII.GetBytes("the hash of a certificate");

    private readonly SingleAccountDirectory _directory = new();

    private SaslContext Bound => new(_directory, LoginProtocol.Imap, Client: null)
    {
        ChannelBindings = new Dictionary<string, ReadOnlyMemory<byte>> { ["tls-exporter"] = Exported, ["tls-server-end-point"] = Certificate },
    };

    private SaslContext Unbound => Bound with { ChannelBindings = new Dictionary<string, ReadOnlyMemory<byte>> { ["tls-server-end-point"] = Certificate } };

    [Theory]
    [InlineData("tls-exporter")]
    [InlineData("tls-server-end-point")]
    public async Task The_right_channel_is_granted(string name)
        => (await ExchangeAsync(Bound, "SCRAM-SHA-256-PLUS", $"p={name},,", name == "tls-exporter" ? Exported : Certificate)).Should().BeOfType<SaslStep.Granted>();

    [Fact]
    public async Task Another_channel_is_denied()
        => (await ExchangeAsync(Bound, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,", Encoding.ASCII.GetBytes("somebody stands between the ends"))).Should().BeOfType<SaslStep.Denied>();

    [Fact]
    public async Task A_binding_that_is_not_there_is_denied()
        => (await FirstAsync(Bound, "SCRAM-SHA-256-PLUS", "p=tls-unique,,")).Should().BeOfType<SaslStep.Denied>();

    [Theory]
    [InlineData("n,,")]
    [InlineData("y,,")]
    public async Task Minus_PLUS_needs_a_binding(string header)
        => (await FirstAsync(Bound, "SCRAM-SHA-256-PLUS", header)).Should().BeOfType<SaslStep.Malformed>();

    /// <summary>RFC 5802 §6: the client could have bound, and was made to believe that we could not.</summary>
    [Fact]
    public async Task A_downgrade_is_denied()
    {
        (await FirstAsync(Bound, "SCRAM-SHA-256", "y,,")).Should().BeOfType<SaslStep.Denied>();
        (await FirstAsync(Unbound, "SCRAM-SHA-256", "y,,")).Should().BeOfType<SaslStep.Challenge>();
        (await FirstAsync(Bound, "SCRAM-SHA-256", "n,,")).Should().BeOfType<SaslStep.Challenge>();
        (await FirstAsync(Bound, "SCRAM-SHA-256", "p=tls-exporter,,")).Should().BeOfType<SaslStep.Malformed>();
    }

    [Fact]
    public void It_is_offered_where_the_exporter_is_there()
    {
        SaslServer.Offered(Bound).Should().Equal("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN");
        SaslServer.Offered(Unbound).Should().Equal("SCRAM-SHA-256", "PLAIN", "LOGIN");
        SaslServer.Create("SCRAM-SHA-256-PLUS", Unbound).Should().BeNull();
    }

    private static async Task<SaslStep> FirstAsync(SaslContext context, string mechanism, string header)
        => await SaslServer.Create(mechanism, context)!.StepAsync(Encoding.UTF8.GetBytes(Client(header, []).First), CancellationToken.None);

    private static async Task<SaslStep> ExchangeAsync(SaslContext context, string mechanism, string header, byte[] binding)
    {
        var client = Client(header, binding);
        var server = SaslServer.Create(mechanism, context)!;
        var first = (SaslStep.Challenge)await server.StepAsync(Encoding.UTF8.GetBytes(client.First), CancellationToken.None);
        var final = await server.StepAsync(Encoding.UTF8.GetBytes(client.Final(Encoding.UTF8.GetString(first.Data.Span))), CancellationToken.None);
        if (final is not SaslStep.Challenge challenge) return final;
        Encoding.UTF8.GetString(challenge.Data.Span).Should().Be(client.ServerFinal);
        return await server.StepAsync(ReadOnlyMemory<byte>.Empty, CancellationToken.None);
    }

    private static ScramClient Client(string header, byte[] binding) => new(SingleAccountDirectory.Login, SingleAccountDirectory.Password, "rOprNGfwEbeRWgbNEkqO", header, binding);
}
