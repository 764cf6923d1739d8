using System.Text;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Tests.Unit.Mail.Auth;

/// <summary>Checks against a zone in a string.</summary>
internal static class Zone
{
    public static DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static IMailDns Of(string records) => new ZoneFileDns(ZoneFile.Parse(records));

    public static string Keys => $"r1._domainkey.example.org. TXT {Strings(Auth.Keys.RsaRecord)}\ne1._domainkey.example.org. TXT {Strings(Auth.Keys.Ed25519Record)}\n";

    public static ReceivedMessage Read(string message)
    {
        var read = new ReceivedMessage(1_048_576, 10);
        read.Write(Encoding.UTF8.GetBytes(message));
        read.Complete();
        return read;
    }

    public static async Task<IReadOnlyList<DkimResult>> DkimAsync(string message, string zone, DkimPolicy? policy = null)
    {
        using var read = Read(message);
        return await DkimVerifier.VerifyAsync(read, Of(zone), policy ?? DkimPolicy.Standard, Now, CancellationToken.None);
    }

    public static async Task<ArcResult> ArcAsync(string message, string zone)
    {
        using var read = Read(message);
        return await ArcVerifier.VerifyAsync(read, Of(zone), DkimPolicy.Standard, Now, CancellationToken.None);
    }

    public static async Task<string> SignAsync(string message, Merpati.Signing.DkimSigningKey key, Canonicalization body = Canonicalization.Relaxed)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(message));
        var digest = await MessageDigest.ReadAsync(stream, body, CancellationToken.None);
        return Encoding.UTF8.GetString(DkimSigner.Sign(digest, [key], DkimSigning.At(Now)).Span) + message;
    }

    public static async Task<string> SealAsync(string message, AuthResult chain, Merpati.Signing.DkimSigningKey key)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(message));
        var digest = await MessageDigest.ReadAsync(stream, Canonicalization.Relaxed, CancellationToken.None);
        return Encoding.UTF8.GetString(ArcSealer.Seal(digest, chain, key, "mx.example.org", "spf=pass\r\n smtp.mailfrom=example.org; dkim=none", Now).Span) + message;
    }

    /// <summary>Text as the strings of a TXT record, 255 octets each.</summary>
    public static string Strings(string text) => string.Join(' ', text.Chunk(255).Select(chunk => $"\"{new string(chunk)}\""));
}
