using System.Text;
using AwesomeAssertions;
using Merpati.Envelopes;
using Merpati.Relaying;
using Merpati.Storage;
using Merpati.Tests.Unit.Mail.Auth;
using Merpati.Timeline;
using Xunit;

namespace Merpati.Tests.Unit.OutboundRelay.Queue;

/// <summary>What a message becomes before it goes out, and by which way: signed, in seven bits, by a route of the administrator's, or not at all.</summary>
public sealed class RelayPreparationTests
{
    private const string Bob = "bob@remote.test";
    private const string EightBit = "From: ann@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngrün\r\n";

    [Fact]
    public async Task What_our_users_send_is_signed_for_the_domain_in_From()
    {
        await using var f = RelayFixture.With();
        f.Keys.ByDomain["example.test"] = Keys.Rsa() with { Domain = "example.test" };
        await f.EnqueueAsync(Bob, entry => entry with { Submitter = Mailboxes.AccountId.New(f.Time) });
        await f.AttemptAsync();
        var sent = Encoding.UTF8.GetString(f.Server.Messages.Single().Octets);
        sent.Should().StartWith("DKIM-Signature:").And.Contain("d=example.test").And.EndWith(RelayFixture.Received + RelayFixture.Message);
    }

    [Fact]
    public async Task A_server_without_8BITMIME_gets_seven_bits_and_the_same_text()
    {
        await using var f = RelayFixture.With();
        f.Server.Keywords = ["PIPELINING"];
        f.Keys.ByDomain["example.org"] = Keys.Rsa();
        await f.EnqueueAsync(Bob, entry => Holding(f, entry, EightBit) with { Submitter = Mailboxes.AccountId.New(f.Time) });
        await f.AttemptAsync();
        var octets = f.Server.Messages.Single().Octets;
        octets.Should().OnlyContain(octet => octet < 128);
        var sent = Encoding.ASCII.GetString(octets);
        sent.Should().StartWith("DKIM-Signature:");
        (await MimeKit.MimeMessage.LoadAsync(new MemoryStream(octets))).TextBody!.TrimEnd().Should().Be("grün");
        (await f.LedgerAsync()).Closed[RecipientState.Relayed].Should().Be(1);
    }

    [Fact]
    public async Task What_would_break_a_signature_by_conversion_goes_back_with_5_6_3()
    {
        await using var f = RelayFixture.With();
        f.Server.Keywords = ["PIPELINING"];
        const string Signed = "From: ann@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"; micalg=pgp-sha256\r\n\r\n"
            + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngrün\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n";
        await f.EnqueueAsync(Bob, entry => Holding(f, entry, Signed));
        await f.AttemptAsync();
        f.Server.Messages.Should().BeEmpty();
        f.Reports().Single().Should().Contain("Status: 5.6.3");
    }

    [Fact]
    public async Task Nothing_goes_to_whoever_is_on_the_suppression_list_and_the_sender_reads_why()
    {
        await using var f = RelayFixture.With();
        await f.Suppressions.PutAsync(new Suppression(Bob, SuppressionSource.Person, "asked to be left alone", f.Time.GetUtcNow(), null), default);
        await f.EnqueueAsync([new EnvelopeRecipient(Addresses.EmailAddress.Parse("Bob@remote.test")), new EnvelopeRecipient(Addresses.EmailAddress.Parse("carol@remote.test"))]);
        await f.AttemptAsync();
        f.Server.Messages.Single().RcptTo.Should().ContainSingle().Which.Should().Contain("carol");
        f.Reports().Single().Should().Contain("Status: 5.7.1").And.Contain("asked to be left alone");
    }

    [Fact]
    public async Task A_route_leads_to_the_host_that_it_names_whatever_DNS_says()
    {
        var port = 0;
        await using var other = TestKit.Smtp.ScriptedSmtpServer.Start();
        port = other.Port;
        await using var f = RelayFixture.With(configure: keys =>
        {
            keys["relay:routes:remote.test:host"] = "127.0.0.1";
            keys["relay:routes:remote.test:port"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        });
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        f.Server.Messages.Should().BeEmpty();
        other.Messages.Should().ContainSingle();
        f.Timeline(entry, TimelineStep.Relayed).Should().ContainSingle();
    }

    [Fact]
    public async Task A_routed_host_without_an_address_is_waited_for()
    {
        await using var f = RelayFixture.With(configure: keys => keys["relay:routes:*:host"] = "gone.remote.test");
        var entry = await f.EnqueueAsync(Bob);
        await f.AttemptAsync();
        (await f.DetailAsync(entry)).Should().StartWith("451 4.4.3").And.Contain("gone.remote.test");
    }

    private static QueueEntry Holding(RelayFixture f, QueueEntry entry, string message)
    {
        var content = f.Contents.Add(Encoding.UTF8.GetBytes(message));
        return entry with { Content = content.Id, Size = content.Size, Body = BodyType.EightBitMime };
    }
}
