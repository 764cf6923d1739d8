using System.Security.Cryptography;
using System.Text;

namespace Merpati.TestKit;

/// <summary>The client's half of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), written from the RFC and independent of the server's code.</summary>
public sealed class ScramClient(string user, string password, string nonce, string gs2Header = "n,,", byte[]? binding = null)
{
    private string _authMessage = "";
    private byte[] _salted = [];

    private string FirstBare => $"n={user.Replace("=", "=3D", StringComparison.Ordinal).Replace(",", "=2C", StringComparison.Ordinal)},r={nonce}";

    public string First => gs2Header + FirstBare;

    /// <summary>The answer to the server's first message.</summary>
    public string Final(string serverFirst)
    {
        var fields = serverFirst.Split(',').ToDictionary(field => field[0], field => field[2..]);
        _salted = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromBase64String(fields['s']), int.Parse(fields['i'], System.Globalization.CultureInfo.InvariantCulture), HashAlgorithmName.SHA256, 32);
        var withoutProof = $"c={Convert.ToBase64String([.. Encoding.UTF8.GetBytes(gs2Header), .. binding ?? []])},r={fields['r']}";
        _authMessage = $"{FirstBare},{serverFirst},{withoutProof}";
        var clientKey = HMACSHA256.HashData(_salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), Encoding.UTF8.GetBytes(_authMessage));
        var proof = clientKey.Zip(signature, (a, b) => (byte)(a ^ b)).ToArray();
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>What the server must say in the end.</summary>
    public string ServerFinal => "v=" + Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(_salted, "Server Key"u8), Encoding.UTF8.GetBytes(_authMessage)));
}
