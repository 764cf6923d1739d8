using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace Merpati.Tests.Integration.Scanners.Judges;

/// <summary>A signature for a message of the corpus.</summary>
/// <param name="Covered">For <c>h=</c>.</param>
/// <param name="Length">For <c>l=</c>.</param>
/// <param name="More">Tags as they are to be written, each with its semicolon.</param>
internal sealed record CorpusSignature(string Domain, string Selector, bool IsEd25519, bool RelaxedHeader, bool RelaxedBody, IReadOnlyList<string> Covered, int? Length = null, string More = "");

/// <summary>
/// Signs by RFC 6376 as it is written there, with nothing of the product: what it signs is verified by others and by us. Text is Latin-1, lines end in CRLF.
/// </summary>
internal sealed partial class CorpusSigner(RSA rsa, Ed25519PrivateKeyParameters ed25519)
{
    /// <summary>The message with the signature on top.</summary>
    public string Sign(string message, CorpusSignature signature)
    {
        var (header, body) = Split(message);
        var canonical = signature.RelaxedBody ? RelaxedBody(body) : SimpleBody(body);
        if (signature.Length is { } length) canonical = canonical[..Math.Min(length, canonical.Length)];
        var bodyHash = Convert.ToBase64String(SHA256.HashData(Encoding.Latin1.GetBytes(canonical)));
        var unsigned = string.Create(CultureInfo.InvariantCulture,
            $"DKIM-Signature: v=1; a={(signature.IsEd25519 ? "ed25519-sha256" : "rsa-sha256")}; c={Word(signature.RelaxedHeader)}/{Word(signature.RelaxedBody)};\r\n\td={signature.Domain}; s={signature.Selector};{signature.More}{(signature.Length is { } octets ? $" l={octets};" : "")}\r\n\th={string.Join(":\r\n\t ", signature.Covered)};\r\n\tbh={bodyHash};\r\n\tb=");
        var fields = Fields(header);
        var next = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var data = new StringBuilder();
        foreach (var name in signature.Covered)
        {
            var seen = next[name] = next.GetValueOrDefault(name) + 1;
            if (fields.Where(field => field[..field.IndexOf(':', StringComparison.Ordinal)].Trim().Equals(name, StringComparison.OrdinalIgnoreCase)).Reverse().ElementAtOrDefault(seen - 1) is { } field) data.Append(signature.RelaxedHeader ? RelaxedField(field) : field);
        }
        data.Append((signature.RelaxedHeader ? RelaxedField(unsigned + "\r\n") : unsigned + "\r\n")[..^2]);
        var octetsSigned = Encoding.Latin1.GetBytes(data.ToString());
        var value = Convert.ToBase64String(signature.IsEd25519 ? SignEd25519(SHA256.HashData(octetsSigned)) : rsa.SignData(octetsSigned, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        return $"{unsigned}{string.Join("\r\n\t ", value.Chunk(70).Select(piece => new string(piece)))}\r\n{message}";
    }

    public static (string Header, string Body) Split(string message)
    {
        var end = message.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (message[..(end + 2)], message[(end + 4)..]);
    }

    /// <summary>Each with its CRLF.</summary>
    public static IReadOnlyList<string> Fields(string header) => [.. FieldStart().Split(header).Where(field => field.Length > 0)];

    private static string Word(bool relaxed) => relaxed ? "relaxed" : "simple";

    private static string RelaxedField(string field)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        return field[..colon].Trim().ToLowerInvariant() + ":" + Blanks().Replace(field[(colon + 1)..].Replace("\r\n", "", StringComparison.Ordinal), " ").Trim(' ') + "\r\n";
    }

    private static string SimpleBody(string body) => body.TrimEnd('\r', '\n') is { Length: > 0 } text ? text + "\r\n" : "\r\n";

    private static string RelaxedBody(string body)
    {
        var lines = string.Join("\r\n", body.Split("\r\n").Select(line => Blanks().Replace(line, " ").TrimEnd(' '))).TrimEnd('\r', '\n');
        return lines.Length > 0 ? lines + "\r\n" : "";
    }

    private byte[] SignEd25519(byte[] hash)
    {
        var signer = new Ed25519Signer();
        signer.Init(forSigning: true, ed25519);
        signer.BlockUpdate(hash, 0, hash.Length);
        return signer.GenerateSignature();
    }

    [GeneratedRegex(@"[ \t]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Blanks();

    [GeneratedRegex(@"(?<=\r\n)(?![ \t])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex FieldStart();
}
