using System.Text;

namespace Merpati.Tests.EndToEnd.Peers;

/// <summary>Mail of our users reaches the servers that the world runs, and the timeline says what they said.</summary>
[Collection(PeersCollection.Name)]
public sealed class RelayToPeers(PeersFixture peers)
{
    [Theory]
    [InlineData("bob@post.test")]
    [InlineData("bob@exim.test")]
    public async Task Each_message_arrives_as_it_was_sent_over_STARTTLS(string bob)
    {
        var ann = await peers.NewUserAsync("ann." + bob.Replace('@', '.'));
        foreach (var sent in new[] { Mail.Simple(ann.Address, bob, "to a peer"), Mail.EightBit(ann.Address, bob), Mail.WithAttachment(ann.Address, bob, 100_000) })
        {
            await ann.SendAsync(bob, sent);
            var text = Encoding.Latin1.GetString(await (bob.EndsWith("@exim.test", StringComparison.Ordinal) ? peers.Exim.WaitForAsync(IdOf(sent)) : peers.PostAsync(IdOf(sent))));
            Assert.EndsWith(Encoding.Latin1.GetString(sent), text, StringComparison.Ordinal);
            Assert.Matches("TLSv?1.3", text);
            Assert.Contains($"Return-Path: <{ann.Address}>", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("jörg@post.test", "UTF8SMTPS")]
    [InlineData("bob@пример.test", "SMTPS")]
    [InlineData("grüße@exim.test", "utf8esmtps")]
    public async Task International_addresses_go_by_SMTPUTF8(string to, string with)
    {
        var ann = await peers.NewUserAsync("ann" + Guid.NewGuid().ToString("N")[..8]);
        var sent = Encoding.UTF8.GetBytes($"From: {ann.Address}\r\nTo: {to}\r\nSubject: Grüße\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\n\r\n你好\r\n");
        await ann.SendAsync([to], sent, "BODY=8BITMIME SMTPUTF8");
        var came = Encoding.UTF8.GetString(await (to.EndsWith("exim.test", StringComparison.Ordinal) ? peers.Exim.WaitForAsync(IdOf(sent)) : peers.PostAsync(IdOf(sent))));
        Assert.EndsWith(Encoding.UTF8.GetString(sent), came, StringComparison.Ordinal);
        Assert.Contains(with, came, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_8BITMIME_the_message_is_converted_and_says_the_same()
    {
        var ann = await peers.NewUserAsync("ann.seven");
        var sent = Encoding.UTF8.GetBytes($"From: {ann.Address}\r\nTo: bob@plain.test\r\nSubject: seven\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nMessage-ID: <{Guid.NewGuid():N}@client.test>\r\n\r\nGrüße aus der Ferne\r\n");
        await ann.SendAsync("bob@plain.test", sent);
        var came = await peers.PostAsync(IdOf(sent));
        Assert.DoesNotContain(came, octet => octet > 127);
        using var octets = new MemoryStream(came);
        Assert.Equal("Grüße aus der Ferne", (await MimeKit.MimeMessage.LoadAsync(octets)).TextBody?.TrimEnd());
    }

    [Fact]
    public async Task Each_recipient_hears_its_own_word()
    {
        var ann = await peers.NewUserAsync("ann.mixed");
        var sent = Mail.Simple(ann.Address, "bob@post.test", "mixed");
        await ann.SendAsync(["bob@post.test", "ghost@post.test", "full@post.test", "blocked@post.test", "ghost@exim.test", "later@exim.test"], sent);
        await peers.PostAsync(IdOf(sent));
        foreach (var (address, status, words) in new[] { ("ghost@post.test", "5.1.1", "550 5.1.1"), ("blocked@post.test", "5.7.1", "550 5.7.1"), ("ghost@exim.test", "5.1.1", "550 5.1.1 No such user here") })
        {
            var fields = Reports.Of(await ann.ReportAsync($"Final-Recipient: rfc822; {address}", "Action: failed"), address);
            Assert.Equal(status, fields["Status"]);
            Assert.StartsWith("smtp; " + words, fields["Diagnostic-Code"], StringComparison.Ordinal);
        }
        await Until.TrueAsync(async () => await peers.TraceAsync(sent) is var trace && trace.Contains("450 4.2.2 <full@post.test>: Recipient address rejected: Mailbox is full", StringComparison.Ordinal) && trace.Contains("450 4.2.1 Not now", StringComparison.Ordinal), () => "both are told in the timeline");
        await peers.DiscardAsync(ann);
    }

    [Fact]
    public async Task A_greylister_lets_the_second_try_in()
    {
        var ann = await peers.NewUserAsync("ann.grey");
        var sent = Mail.Simple(ann.Address, "bob@grey.test", "grey");
        await ann.SendAsync("bob@grey.test", sent);
        await peers.PostAsync(IdOf(sent));
        await Until.TrueAsync(async () => (await peers.TraceAsync(sent)).Contains("relayed", StringComparison.OrdinalIgnoreCase), () => "relayed");
        var trace = await peers.TraceAsync(sent);
        Assert.True(trace.Contains("450 4.2.0 <bob@grey.test>: Recipient address rejected: Greylisted", StringComparison.Ordinal), trace);
        Assert.True(trace.Contains("mx.grey.test: 250 2.0.0 Ok:", StringComparison.Ordinal), trace);
    }

    [Fact]
    public async Task What_is_too_large_is_not_sent_at_all()
    {
        var ann = await peers.NewUserAsync("ann.large");
        var sent = Mail.WithAttachment(ann.Address, "bob@post.test", PeersFixture.LargestMessage);
        await ann.SendAsync("bob@post.test", sent);
        var fields = Reports.Of(await ann.ReportAsync("Final-Recipient: rfc822; bob@post.test"), "bob@post.test");
        Assert.Equal("5.3.4", fields["Status"]);
        Assert.Empty(peers.Post.With(IdOf(sent)));
    }

    [Fact]
    public async Task DANE_lets_through_who_has_the_key_and_nobody_else()
    {
        var ann = await peers.NewUserAsync("ann.dane");
        var good = Mail.Simple(ann.Address, "bob@dane.test", "dane");
        var bad = Mail.Simple(ann.Address, "bob@badkey.test", "badkey");
        await ann.SendAsync("bob@badkey.test", bad);
        await ann.SendAsync("bob@dane.test", good);
        await peers.PostAsync(IdOf(good));
        await Until.TrueAsync(async () => (await peers.TraceAsync(good)).Contains("DANE", StringComparison.OrdinalIgnoreCase), () => "DANE in the timeline");
        await Until.TrueAsync(async () => (await peers.TraceAsync(bad)).Contains("4.7.5", StringComparison.Ordinal), () => "4.7.5 in the timeline");
        Assert.Empty(peers.Post.With(IdOf(bad)));
        await peers.DiscardAsync(ann);
    }

    [Fact]
    public async Task A_smart_host_gets_our_password_over_verified_TLS()
    {
        var ann = await peers.NewUserAsync("ann.smart");
        var sent = Mail.Simple(ann.Address, "bob@smart.test", "smart");
        await ann.SendAsync("bob@smart.test", sent);
        Assert.Contains("(Authenticated sender: merpati)", Encoding.Latin1.GetString(await peers.PostAsync(IdOf(sent))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LMTP_answers_for_each_recipient()
    {
        var ann = await peers.NewUserAsync("ann.lmtp");
        var sent = Mail.EightBit(ann.Address, "bob@drop.test");
        await ann.SendAsync(["bob@drop.test", "ghost@drop.test", "eve@drop.test"], sent);
        foreach (var name in (string[])["bob@drop.test", "eve@drop.test"])
            Assert.EndsWith(Encoding.Latin1.GetString(sent), Encoding.Latin1.GetString(await peers.Dovecot(name).WaitForAsync(IdOf(sent))), StringComparison.Ordinal);
        var fields = Reports.Of(await ann.ReportAsync("Final-Recipient: rfc822; ghost@drop.test"), "ghost@drop.test");
        Assert.Equal("5.1.1", fields["Status"]);
        Assert.Single(peers.Dovecot("bob@drop.test").With(IdOf(sent)));
    }

    internal static string IdOf(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        var start = text.IndexOf("Message-ID: <", StringComparison.Ordinal);
        return text[start..(text.IndexOf('>', start) + 1)];
    }
}
