using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AwesomeAssertions;
using Merpati.OutboundRelay.Sending;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Merpati.TestKit;
using Merpati.TestKit.Smtp;
using Xunit;
using static Merpati.Tests.Unit.OutboundRelay.Sending.DialerFixture;

namespace Merpati.Tests.Unit.OutboundRelay.Sending;

/// <summary>TLS policies against real certificates over loopback (RFC 3207, RFC 9525, RFC 7672).</summary>
public sealed class TlsPolicyTests : IDisposable
{
    private static readonly string[] Name = ["mx.example.com"];

    private readonly TestAuthority _root = TestAuthority.Root("root");
    private readonly TestAuthority _stranger = TestAuthority.Root("stranger");
    private readonly TestAuthority _intermediate;
    private readonly X509Certificate2 _good;

    public TlsPolicyTests()
    {
        _intermediate = _root.Intermediate("intermediate");
        _good = _intermediate.Issue("mail", Name);
    }

    [Fact]
    public async Task Opportunistic_takes_any_certificate()
    {
        using var bad = _stranger.Issue("elsewhere", ["elsewhere.example"], expired: true);
        var ready = await ReadyAsync(bad, new TlsPolicy.Opportunistic());
        ready.Tls!.Verified.Should().BeFalse();
        ready.Tls.Details.ServerName.Should().Be("mx.example.com");
        await ReadyAsync(bad, new TlsPolicy.Encrypt());
    }

    [Fact]
    public async Task Where_the_handshake_breaks_opportunistic_goes_on_in_the_clear()
    {
        await using var server = ScriptedSmtpServer.Start();
        server.HandshakeOctets = "500 what?\r\n"u8.ToArray();
        var connected = (await DialAsync(server, new TlsPolicy.Opportunistic())).Should().BeOfType<DialOutcome.Connected>().Subject;
        connected.TlsFault!.Type.Should().Be(TlsFailure.ValidationFailure);
        connected.Session.Tls.Should().BeNull();
        await connected.Connection.QuitAsync(CancellationToken.None);
        server.Connections.Should().Be(2);
        server.Said(2).Should().NotContain("STARTTLS");
    }

    [Fact]
    public async Task Where_the_handshake_breaks_a_policy_that_insists_ends()
    {
        await using var server = ScriptedSmtpServer.Start();
        server.HandshakeOctets = [];
        foreach (var policy in new TlsPolicy[] { new TlsPolicy.Encrypt(), new TlsPolicy.Verified(Name) })
            (await DialAsync(server, policy)).Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.TlsFailed>();
        server.Connections.Should().Be(2);
    }

    [Theory]
    [InlineData("mx.example.com", null)]
    [InlineData("MX.EXAMPLE.COM", null)]
    [InlineData("*.example.com", null)]
    [InlineData("*.com", TlsFailure.CertificateHostMismatch)]
    [InlineData("m*.example.com", TlsFailure.CertificateHostMismatch)]
    [InlineData("*.mx.example.com", TlsFailure.CertificateHostMismatch)]
    [InlineData("example.com", TlsFailure.CertificateHostMismatch)]
    [InlineData(null, TlsFailure.CertificateHostMismatch)]
    public async Task Verified_wants_a_certificate_for_the_name(string? name, TlsFailure? failure)
    {
        using var certificate = _root.Issue("mx.example.com", name is null ? [] : [name]);
        (await FailureAsync(certificate, new TlsPolicy.Verified(Name))).Should().Be(failure);
    }

    [Fact]
    public async Task Verified_wants_a_certificate_of_an_authority_that_is_trusted_now()
    {
        using var expired = _root.Issue("mail", Name, expired: true);
        using var unknown = _stranger.Issue("mail", Name);
        (await FailureAsync(expired, new TlsPolicy.Verified(Name))).Should().Be(TlsFailure.CertificateExpired);
        (await FailureAsync(unknown, new TlsPolicy.Verified(Name))).Should().Be(TlsFailure.CertificateNotTrusted);
        (await FailureAsync(_good, new TlsPolicy.Verified(Name))).Should().Be(TlsFailure.CertificateNotTrusted, "the intermediate is missing");
        (await FailureAsync(_good, new TlsPolicy.Verified(Name), _intermediate)).Should().BeNull();
        (await FailureAsync(_good, new TlsPolicy.Verified(["elsewhere.example", "mx.example.com"]), _intermediate)).Should().BeNull();
    }

    [Fact]
    public async Task Without_authorities_of_our_own_the_system_decides()
    {
        await using var server = Serve(_good, _intermediate);
        (await DialAsync(server, new TlsPolicy.Verified(Name))).Should().BeOfType<DialOutcome.NotOpened>().Which.Outcome.Should().BeOfType<OpenOutcome.TlsFailed>().Which.Fault.Type.Should().Be(TlsFailure.CertificateNotTrusted);
    }

    [Fact]
    public async Task A_policy_that_is_tested_is_reported_and_not_enforced()
    {
        (await ReadyAsync(_good, new TlsPolicy.Opportunistic(), new TlsPolicy.Verified(["elsewhere.example"]), _intermediate)).Tls!.Tested!.Type.Should().Be(TlsFailure.CertificateHostMismatch);
        (await ReadyAsync(_good, new TlsPolicy.Opportunistic(), new TlsPolicy.Verified(Name), _intermediate)).Tls!.Tested.Should().BeNull();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2)]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    public async Task Dane_usage_3_wants_this_certificate_or_key_whatever_else_it_says(byte selector, byte matchingType)
    {
        using var bad = _stranger.Issue("elsewhere", ["elsewhere.example"], expired: true);
        (await ReadyAsync(bad, Dane(Record(3, selector, matchingType, bad)))).Tls!.Verified.Should().BeTrue();
        (await FailureAsync(_good, Dane(Record(3, selector, matchingType, bad)))).Should().Be(TlsFailure.TlsaInvalid);
        (await FailureAsync(_good, Dane(Record(3, selector, matchingType, bad), Record(3, selector, matchingType, _good)))).Should().BeNull();
    }

    [Fact]
    public async Task Dane_usage_2_on_the_wire()
        => (await FailureAsync(_good, Dane(Record(2, 1, 1, _intermediate.Certificate)), _intermediate)).Should().BeNull("an anchor need not be self-signed");

    [Fact]
    public void Dane_usage_2_wants_a_path_to_the_anchor()
    {
        var root = Dane(Record(2, 0, 1, _root.Certificate));
        Judge(_good, root, _intermediate, _root).Should().BeNull();
        Judge(_good, root, _root, _intermediate, _stranger).Should().BeNull("the order does not matter, nor does what else there is");
        Judge(_good, root, _intermediate).Should().Be(TlsFailure.TlsaInvalid, "the server has to send its anchor");
        Judge(_good, Dane(Record(2, 0, 0, _root.Certificate)), _intermediate).Should().BeNull("the record is the anchor");
        Judge(_good, Dane(Record(2, 1, 1, _intermediate.Certificate)), _intermediate, _root).Should().BeNull();
        Judge(_good, Dane(Record(2, 1, 2, _stranger.Certificate)), _intermediate, _root).Should().Be(TlsFailure.TlsaInvalid);
        Judge(_good, Dane(Record(2, 1, 2, _stranger.Certificate)), _intermediate, _stranger).Should().Be(TlsFailure.CertificateNotTrusted, "to send an anchor is not to be issued by it");
        Judge(_good, Dane(Record(2, 0, 1, _good)), _intermediate).Should().Be(TlsFailure.TlsaInvalid, "a server is not its own anchor");
        Judge(_good, Dane(new TlsaRecord(2, 0, 0, "no certificate"u8.ToArray())), _intermediate).Should().Be(TlsFailure.TlsaInvalid);
    }

    [Fact]
    public void Dane_usage_2_is_not_satisfied_by_an_anchor_of_the_same_name()
    {
        using var twin = _stranger.Intermediate("intermediate");
        using var forged = twin.Issue("mail", Name);
        var policy = Dane(Record(2, 0, 1, _intermediate.Certificate));
        Judge(forged, policy, _intermediate).Should().NotBeNull();
        Judge(forged, policy, _intermediate, twin).Should().NotBeNull();
        using var middle = twin.Intermediate("middle");
        using var below = middle.Issue("mail", Name);
        Judge(below, policy, middle, _intermediate).Should().NotBeNull();
        Judge(below, policy, middle, _intermediate, twin).Should().NotBeNull();
        Judge(below, Dane(Record(2, 1, 1, _intermediate.Certificate)), middle, twin).Should().NotBeNull();
    }

    [Fact]
    public void Dane_usage_2_wants_dates_and_names_in_order()
    {
        using var expired = _root.Issue("mail", Name, expired: true);
        using var elsewhere = _root.Issue("mail", ["elsewhere.example"]);
        var records = new[] { Record(2, 0, 1, _root.Certificate) };
        Judge(expired, Dane(records), _root).Should().Be(TlsFailure.CertificateExpired);
        Judge(elsewhere, Dane(records), _root).Should().Be(TlsFailure.CertificateHostMismatch);
        Judge(elsewhere, new TlsPolicy.Dane(records, ["mx.example.com", "elsewhere.example"]), _root).Should().BeNull();
    }

    [Fact]
    public async Task The_server_name_is_the_first_of_the_policy()
    {
        await using var server = Serve(_good, _intermediate);
        await DialAsync(server, new TlsPolicy.Dane([Record(3, 1, 1, _good)], ["base.example.net", "mx.example.com"]));
        server.ServerName.Should().Be("base.example.net");
        await DialAsync(server, new TlsPolicy.Encrypt(), with: target => target with { HostName = "[127.0.0.1]" });
        server.ServerName.Should().BeEmpty();
    }

    [Fact]
    public async Task What_EHLO_says_after_TLS_counts()
    {
        await using var server = Serve(_good);
        server.KeywordsInTls = ["REQUIRETLS"];
        (await DialAsync(server, new TlsPolicy.Encrypt())).Should().BeOfType<DialOutcome.Connected>().Which.Session.Capabilities.RequireTls.Should().BeTrue();
        (await DialAsync(server, new TlsPolicy.None())).Should().BeOfType<DialOutcome.Connected>().Which.Session.Capabilities.RequireTls.Should().BeFalse();
    }

    public void Dispose()
    {
        _good.Dispose();
        _intermediate.Dispose();
        _stranger.Dispose();
        _root.Dispose();
    }

    private static TlsPolicy.Dane Dane(params TlsaRecord[] records) => new(records, Name);

    private static TlsaRecord Record(byte usage, byte selector, byte matchingType, X509Certificate2 certificate)
    {
        var data = selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return new TlsaRecord(usage, selector, matchingType, matchingType switch { 1 => SHA256.HashData(data), 2 => SHA512.HashData(data), _ => data });
    }

    /// <summary>Without a wire: a server of .NET never sends a self-signed authority.</summary>
    private static TlsFailure? Judge(X509Certificate2 certificate, TlsPolicy policy, params TestAuthority[] sent)
        => ServerIdentity.FaultOf(certificate, [.. sent.Select(authority => authority.Certificate)], policy, authorities: null)?.Type;

    private static ScriptedSmtpServer Serve(X509Certificate2 certificate, params TestAuthority[] sent)
    {
        var server = ScriptedSmtpServer.Start();
        server.Certificate = certificate;
        server.Intermediates = [.. sent.Select(authority => authority.Certificate)];
        return server;
    }

    private async Task<OpenOutcome.Ready> ReadyAsync(X509Certificate2 certificate, TlsPolicy policy, TlsPolicy? tested = null, params TestAuthority[] sent)
    {
        await using var server = Serve(certificate, sent);
        var connected = (await DialAsync(server, policy, tested, [_root.Certificate])).Should().BeOfType<DialOutcome.Connected>().Subject;
        (await connected.Connection.SendAsync(Message("hello\r\n"u8.ToArray()), CancellationToken.None)).Should().BeOfType<SendOutcome.Offered>().Which.Recipients.Should().AllBeOfType<RecipientOutcome.Accepted>();
        await connected.Connection.QuitAsync(CancellationToken.None);
        return connected.Session;
    }

    /// <summary>Null when the policy is satisfied.</summary>
    private async Task<TlsFailure?> FailureAsync(X509Certificate2 certificate, TlsPolicy policy, params TestAuthority[] sent)
    {
        await using var server = Serve(certificate, sent);
        switch (await DialAsync(server, policy, authorities: [_root.Certificate]))
        {
            case DialOutcome.Connected connected:
                await connected.Connection.QuitAsync(CancellationToken.None);
                return null;
            case DialOutcome.NotOpened { Outcome: OpenOutcome.TlsFailed failed }:
                return failed.Fault.Type;
            case var other:
                throw new InvalidOperationException(other.ToString());
        }
    }
}
