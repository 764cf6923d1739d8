using System.Text;
using System.Text.RegularExpressions;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd.Peers;

/// <summary>What Postfix received from us, held against programs that are not ours: opendkim-testmsg, dkimverify and arcverify of Debian, which ask DNS for the keys.</summary>
[Collection(PeersCollection.Name)]
public sealed partial class SignedForPeers(PeersFixture peers)
{
    private const string SignAsFar = """
        import dkim, sys
        message = open(sys.argv[1], 'rb').read()
        sys.stdout.buffer.write(dkim.sign(message, b's1', b'far.test', open(sys.argv[2], 'rb').read(), canonicalize=(b'relaxed', b'relaxed')))
        """;

    [Fact]
    public async Task RSA_and_Ed25519_signatures_hold_with_the_records_that_were_printed()
    {
        await KeysAsync();
        var ann = await peers.NewUserAsync("ann.dkim");
        foreach (var (to, sent) in new[] { ("bob@post.test", Mail.EightBit(ann.Address, "bob@post.test")), ("bob@post.test", Mail.WithAttachment(ann.Address, "bob@post.test", 50_000)), ("bob@plain.test", Mail.Simple(ann.Address, "bob@plain.test", "seven")) })
        {
            await ann.SendAsync(to, sent);
            var came = await peers.PostAsync(RelayToPeers.IdOf(sent));
            Assert.Equal(["ed25519-sha256", "rsa-sha256"], Algorithm().Matches(Encoding.Latin1.GetString(came)).Select(match => match.Groups["name"].Value).Order());
            await HoldsAsync("dkimverify", ["--index", "0"], came, "signature ok");
            await HoldsAsync("dkimverify", ["--index", "1"], came, "signature ok");
            Assert.Equal(0, (await peers.WithZoneAsync("opendkim-testmsg", [], WithLf(came))).ExitCode);

            var changed = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(came).Replace("From: ann.dkim", "From: eve.dkim", StringComparison.Ordinal));
            Assert.NotEqual(0, (await peers.WithZoneAsync("opendkim-testmsg", [], WithLf(changed))).ExitCode);
            Assert.DoesNotContain("signature ok", (await peers.WithZoneAsync("dkimverify", [], changed)).Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_redirect_is_sealed_with_ARC_its_sender_rewritten_and_its_signature_unbroken()
    {
        await KeysAsync();
        await SucceedsAsync("alias", "add", "forward@here.test", "eve@post.test");
        var sent = await SignedByFarAsync(Mail.Simple("zoe@far.test", "forward@here.test", "to be forwarded"));
        await ArrivesAsync("zoe@far.test", "forward@here.test", sent);

        var came = await peers.PostAsync(RelayToPeers.IdOf(sent));
        var text = Encoding.Latin1.GetString(came);
        Assert.EndsWith(Encoding.Latin1.GetString(sent), text, StringComparison.Ordinal);
        Assert.Matches("Return-Path: <SRS0=[^=]+=[^=]+=far\\.test=zoe@here\\.test>", text);
        Assert.Matches("ARC-Authentication-Results: i=1; *[^;]+;(.|\r\n)*dkim=pass", text);
        await HoldsAsync("arcverify", [], came, "cv=b'pass'");
        await HoldsAsync("dkimverify", [], came, "signature ok");
        var broken = Encoding.Latin1.GetBytes(text.Replace("ARC-Authentication-Results: i=1;", "ARC-Authentication-Results: i=1; x=y;", StringComparison.Ordinal));
        Assert.DoesNotContain("cv=b'pass'", (await peers.WithZoneAsync("arcverify", [], broken)).Output, StringComparison.Ordinal);

        // A second time through us, by another address: a chain of two.
        await SucceedsAsync("alias", "add", "onward@here.test", "bob@post.test");
        await ArrivesAsync("eve@post.test", "onward@here.test", Encoding.Latin1.GetBytes(text[text.IndexOf("ARC-Seal:", StringComparison.Ordinal)..].Replace("Message-ID: <", "X-Trip: second\r\nMessage-ID: <", StringComparison.Ordinal)));
        var again = await peers.PostAsync("X-Trip: second");
        Assert.Contains("ARC-Seal: i=2;", Encoding.Latin1.GetString(again), StringComparison.Ordinal);
        await HoldsAsync("arcverify", [], again, "cv=b'pass'");
    }

    [Fact]
    public async Task What_a_user_sends_and_is_held_goes_out_signed_when_it_is_released_and_its_sender_is_told()
    {
        await KeysAsync();
        var ann = await peers.NewUserAsync("ann.held");
        var sent = Encoding.ASCII.GetBytes($"From: <{ann.Address}>\r\nTo: <bob@post.test>\r\nSubject: a program\r\nDate: Sun, 29 Nov 2026 12:00:00 +0000\r\nMessage-ID: <held.{Guid.NewGuid():N}@here.test>\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=tool.exe\r\n\r\nruns\r\n");
        await ann.SendAsync(["bob@post.test", ann.Address], sent, rcpt: "NOTIFY=SUCCESS,FAILURE");
        var listed = await SucceedsAsync("quarantine", "list", "--sender", ann.Address);
        Assert.Contains("dangerous-attachment", listed, StringComparison.Ordinal);
        Assert.Equal(0, await ann.CountAsync("name=tool.exe"));

        await SucceedsAsync("quarantine", "release", "--sender", ann.Address);

        var came = await peers.PostAsync(RelayToPeers.IdOf(sent));
        var text = Encoding.Latin1.GetString(came);
        Assert.Contains($"Return-Path: <{ann.Address}>", text, StringComparison.Ordinal);
        // Bob's own server adds one for bob@post.test; ours would make it look like a loop (RFC 9228 §4).
        Assert.DoesNotContain("Delivered-To:", text[(text.IndexOf("DKIM-Signature:", StringComparison.Ordinal))..], StringComparison.Ordinal);
        Assert.Equal(["ed25519-sha256", "rsa-sha256"], Algorithm().Matches(text).Select(match => match.Groups["name"].Value).Order());
        await HoldsAsync("dkimverify", ["--index", "0"], came, "signature ok");
        await HoldsAsync("dkimverify", ["--index", "1"], came, "signature ok");
        await ann.NextAsync("name=tool.exe");
        await ann.ReportAsync("Final-Recipient: rfc822; bob@post.test");
    }

    [Fact]
    public async Task A_bounce_of_what_was_forwarded_finds_its_way_back_to_the_first_sender()
    {
        await SucceedsAsync("alias", "add", "dead@here.test", "ghost@post.test");
        var sent = Mail.Simple("zoe@far.test", "dead@here.test", "forwarded to nobody");
        await ArrivesAsync("zoe@far.test", "dead@here.test", sent);
        var report = Encoding.Latin1.GetString(await peers.PostAsync("Final-Recipient: rfc822; ghost@post.test\r\nAction: failed"));
        Assert.Contains("Return-Path: <>", report, StringComparison.Ordinal);
        Assert.Contains("for <zoe@far.test>", report, StringComparison.Ordinal);
    }

    /// <summary>The keys of here.test, in use and published, once.</summary>
    private async Task KeysAsync()
    {
        if ((await peers.Here.MerpatiAsync(null, "dkim", "show", "here.test")).ExitCode == 0) return;
        peers.Publish(await peers.Here.AddDkimKeysAsync("here.test"));
        await Until.TrueAsync(async () => (await SucceedsAsync("dkim", "list", "here.test")).Split("active").Length == 3, () => "both keys are active once their records can be seen");
    }

    /// <summary>Signed by dkimpy for far.test, whose key is published.</summary>
    private async Task<byte[]> SignedByFarAsync(byte[] message)
    {
        using var rsa = System.Security.Cryptography.RSA.Create(2048);
        var folder = Directory.CreateTempSubdirectory("merpati-far-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), rsa.ExportRSAPrivateKeyPem());
            await File.WriteAllBytesAsync(Path.Combine(folder, "message.eml"), message);
            var record = $"v=DKIM1; k=rsa; p={Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo())}";
            peers.Publish($"s1._domainkey.far.test TXT {string.Join(' ', record.Chunk(200).Select(part => $"\"{new string(part)}\""))}");
            var field = await Command.RunAsync("/usr/bin/python3", ["-c", SignAsFar, Path.Combine(folder, "message.eml"), Path.Combine(folder, "key.pem")]);
            Assert.True(field.ExitCode == 0, field.ToString());
            return [.. Encoding.ASCII.GetBytes(field.Output.ReplaceLineEndings("\r\n")), .. message];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Comes in on port 25, from outside.</summary>
    private async Task ArrivesAsync(string from, string to, byte[] message)
    {
        await using var smtp = await MailWire.ConnectAsync(peers.Here.SmtpPort);
        await smtp.SmtpReplyAsync();
        foreach (var command in (string[])["EHLO mx.far.test", $"MAIL FROM:<{from}>", $"RCPT TO:<{to}>", "DATA"]) Assert.Matches("^(250|354)", await smtp.SmtpAsync(command));
        Assert.StartsWith("250", await smtp.SmtpDataAsync(message), StringComparison.Ordinal);
    }

    private async Task HoldsAsync(string program, string[] arguments, byte[] message, string words)
    {
        var result = await peers.WithZoneAsync(program, arguments, message);
        Assert.True(result.ExitCode == 0 && result.Output.Contains(words, StringComparison.Ordinal), $"{program} {string.Join(' ', arguments)}: {result}\n{Encoding.Latin1.GetString(message)}");
    }

    private async Task<string> SucceedsAsync(params string[] arguments)
    {
        var result = await peers.Here.MerpatiAsync(null, arguments);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }

    // As programs of Unix get messages from their MTA.
    private static byte[] WithLf(byte[] message) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(message).Replace("\r\n", "\n", StringComparison.Ordinal));

    [GeneratedRegex("\\ba=(?<name>[a-z0-9-]+);", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Algorithm();
}
