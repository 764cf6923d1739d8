using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Merpati.Protocols.Sasl;

/// <summary>SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677): the server learns nothing, and proves that it knows the password.</summary>
/// <param name="nonce">A new one in every exchange; a test gives the one of an example.</param>
internal sealed class ScramSha256Client(string user, string password, string nonce) : SaslClient
{
    private const string Gs2Header = "n,,";

    // RFC 7677 §4 asks for 4096 at least; far more than anybody uses is an attack on our time.
    private const int MinIterations = 4096;
    private const int MaxIterations = 1_000_000;

    private byte[]? _serverSignature;
    private bool _isProved;

    public override string Mechanism => "SCRAM-SHA-256";

    public override ReadOnlyMemory<byte>? InitialResponse => Encoding.UTF8.GetBytes(Gs2Header + FirstBare);

    public override bool IsComplete => _isProved;

    private string FirstBare => $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

    public override ReadOnlyMemory<byte>? Respond(ReadOnlyMemory<byte> challenge)
    {
        if (_isProved) return null;
        var text = Encoding.UTF8.GetString(challenge.Span);
        return _serverSignature is null ? Prove(text) : Check(text);
    }

    /// <summary>server-first-message <c>r=nonce,s=salt,i=count</c>, answered with client-final-message.</summary>
    private ReadOnlyMemory<byte>? Prove(string serverFirst)
    {
        var fields = serverFirst.Split(',');
        if (fields.Length < 3 || !fields[0].StartsWith("r=", StringComparison.Ordinal) || !fields[1].StartsWith("s=", StringComparison.Ordinal) || !fields[2].StartsWith("i=", StringComparison.Ordinal)) return null;
        var serverNonce = fields[0][2..];
        if (serverNonce.Length <= nonce.Length || !serverNonce.StartsWith(nonce, StringComparison.Ordinal)) return null;
        var salt = new byte[fields[1].Length];
        if (!Convert.TryFromBase64String(fields[1][2..], salt, out var saltLength) || saltLength == 0) return null;
        if (!int.TryParse(fields[2].AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < MinIterations or > MaxIterations) return null;

        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt.AsSpan(0, saltLength), iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var withoutProof = $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(Gs2Header))},r={serverNonce}";
        var authMessage = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(proof), authMessage);
        for (var i = 0; i < proof.Length; i++) proof[i] ^= signature[i];
        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>server-final-message <c>v=signature</c>, answered with nothing.</summary>
    private ReadOnlyMemory<byte>? Check(string serverFinal)
    {
        var signature = new byte[SHA256.HashSizeInBytes];
        var text = serverFinal.Split(',')[0];
        _isProved = text.StartsWith("v=", StringComparison.Ordinal) && Convert.TryFromBase64String(text[2..], signature, out var length) && length == signature.Length
            && CryptographicOperations.FixedTimeEquals(signature, _serverSignature);
        if (!_isProved) return null;
        return ReadOnlyMemory<byte>.Empty;
    }
}
