using System.Security.Cryptography;
using System.Text;
using Merpati.Accounts;

namespace Merpati.UserDirectory.Credentials;

/// <summary>SCRAM-SHA-256 keys (RFC 5802 §3, RFC 7677).</summary>
internal static class ScramKeys
{
    private const int SaltLength = 16;

    public static ScramCredential Derive(string password, int iterations)
        => Derive(password, RandomNumberGenerator.GetBytes(SaltLength), iterations);

    public static ScramCredential Derive(string password, byte[] salt, int iterations)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        CryptographicOperations.ZeroMemory(salted);
        return new ScramCredential(salt, iterations, SHA256.HashData(clientKey), serverKey);
    }

    /// <summary>
    /// Keys for a login that is not known, always the same ones, so that asking twice tells no more than asking once (RFC 5802 §9).
    /// No password leads to them.
    /// </summary>
    public static ScramCredential MakeUp(ReadOnlyMemory<byte> installationSecret, string login, int iterations)
    {
        var name = Encoding.UTF8.GetBytes(login);
        return new ScramCredential(Hash("salt"u8).AsMemory(0, SaltLength), iterations, Hash("stored key"u8), Hash("server key"u8));

        byte[] Hash(ReadOnlySpan<byte> purpose)
        {
            using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, installationSecret.Span);
            hmac.AppendData("merpati scram "u8);
            hmac.AppendData(purpose);
            hmac.AppendData([0]);
            hmac.AppendData(name);
            return hmac.GetHashAndReset();
        }
    }
}
