using System.Text;
using System.Text.Json;
using Merpati.Mail.Auth;
using Merpati.Signing;
using Merpati.TestKit;

namespace Merpati.Tests.EndToEnd;

/// <summary>What we sign and seal, dkimpy (Debian's python3-dkim) accepts; what dkimpy signs, we accept.</summary>
public sealed class Signatures : IDisposable
{
    private const string Message = "From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: Hello  there\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\nHi Bob, \r\n\r\n  this is  it.\r\n\r\n\r\n";

    // The records are name and text pairs; dkimpy asks with a dot at the end.
    private const string Verify = """
        import dkim, json, sys
        records = json.load(open(sys.argv[2]))
        message = open(sys.argv[1], 'rb').read()
        dns = lambda name, timeout=5: records.get(name.decode().rstrip('.'), '').encode() or None
        def holds(i):
            try:
                return dkim.DKIM(message).verify(i, dnsfunc=dns)
            except dkim.ValidationError:
                return False
        if sys.argv[3] == 'arc':
            print(dkim.arc_verify(message, dnsfunc=dns)[0].decode())
        else:
            print(' '.join(str(holds(i)) for i in range(message.lower().count(b'dkim-signature:'))))
        """;

    private const string Sign = """
        import dkim, sys
        message = open(sys.argv[1], 'rb').read()
        key = open(sys.argv[2], 'rb').read()
        sys.stdout.buffer.write(dkim.sign(message, b's1', b'example.org', key, canonicalize=(sys.argv[3].encode(), sys.argv[4].encode())))
        """;

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_772_366_400);
    private readonly string _folder = Directory.CreateTempSubdirectory("merpati-signatures-").FullName;
    private readonly DkimSigningKey _rsa = DkimKeyMaker.Create("example.org", "s1", DkimAlgorithm.RsaSha256);
    private readonly DkimSigningKey _ed25519 = DkimKeyMaker.Create("example.org", "s2", DkimAlgorithm.Ed25519Sha256);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Canonicalization.Relaxed, Canonicalization.Relaxed)]
    [InlineData(Canonicalization.Simple, Canonicalization.Simple)]
    public async Task Dkimpy_accepts_our_signatures(Canonicalization header, Canonicalization body)
    {
        var digest = await DigestAsync(Message, body);
        var signed = Encoding.ASCII.GetString(DkimSigner.Sign(digest, [_rsa, _ed25519], DkimSigning.At(Now) with { Header = header }).Span) + Message;
        Assert.Equal("True True", await AskAsync(signed, "dkim"));
        Assert.Equal("False False", await AskAsync(signed.Replace("this is", "that is", StringComparison.Ordinal), "dkim"));
    }

    [Fact]
    public async Task Dkimpy_accepts_our_ARC_chain()
    {
        var once = await SealAsync(Message, AuthResult.None);
        Assert.Equal("pass", await AskAsync(once, "arc"));
        var twice = await SealAsync(once, AuthResult.Pass);
        Assert.Equal("pass", await AskAsync(twice, "arc"));
        Assert.Equal("fail", await AskAsync(twice.Replace("cv=none", "cv=pass", StringComparison.Ordinal), "arc"));
    }

    [Theory]
    [InlineData("relaxed", "relaxed")]
    [InlineData("relaxed", "simple")]
    [InlineData("simple", "relaxed")]
    [InlineData("simple", "simple")]
    public async Task We_accept_what_dkimpy_signs(string header, string body)
    {
        using var rsa = System.Security.Cryptography.RSA.Create();
        rsa.ImportPkcs8PrivateKey(_rsa.PrivateKey.Span, out _);
        var key = await WriteAsync("key.pem", rsa.ExportRSAPrivateKeyPem());
        var field = await PythonAsync(Sign, await WriteAsync("message.eml", Message), key, header, body);
        using var received = new ReceivedMessage(65_536, 10);
        received.Write(Encoding.ASCII.GetBytes(field.ReplaceLineEndings("\r\n") + Message));
        received.Complete();
        var zone = $"{DkimKeyMaker.RecordName(_rsa)} TXT {string.Join(' ', DkimKeyMaker.RecordText(_rsa).Chunk(255).Select(chunk => $"\"{new string(chunk)}\""))}";
        var results = await DkimVerifier.VerifyAsync(received, new Merpati.Mail.Dns.ZoneFileDns(Merpati.Mail.Dns.ZoneFile.Parse(zone)), DkimPolicy.Standard, Now, CancellationToken.None);
        Assert.Equal(AuthResult.Pass, Assert.Single(results).Result);
    }

    private static async Task<MessageDigest> DigestAsync(string message, Canonicalization body)
    {
        using var stream = new MemoryStream(Encoding.ASCII.GetBytes(message));
        return await MessageDigest.ReadAsync(stream, body, CancellationToken.None);
    }

    private async Task<string> SealAsync(string message, AuthResult chain)
        => Encoding.ASCII.GetString(ArcSealer.Seal(await DigestAsync(message, Canonicalization.Relaxed), chain, _rsa, "mx.example.org", "spf=pass smtp.mailfrom=example.org; dkim=none; dmarc=pass header.from=example.org", Now).Span) + message;

    private async Task<string> AskAsync(string message, string what)
    {
        var records = JsonSerializer.Serialize(new[] { _rsa, _ed25519 }.ToDictionary(DkimKeyMaker.RecordName, DkimKeyMaker.RecordText));
        return (await PythonAsync(Verify, await WriteAsync("signed.eml", message), await WriteAsync("records.json", records), what)).Trim();
    }

    private async Task<string> WriteAsync(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }

    private static async Task<string> PythonAsync(string script, params string[] arguments)
    {
        var result = await Command.RunAsync("/usr/bin/python3", ["-c", script, .. arguments]);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result.Output;
    }
}
