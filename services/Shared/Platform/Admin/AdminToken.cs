using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Merpati.Platform.Hosting;

namespace Merpati.Platform.Admin;

/// <summary>
/// The secret that opens the admin API. In Standalone 32 random bytes, new at every start, shown to nobody but the owner of the data folder; in the cluster
/// a secret of the operator's.
/// </summary>
public sealed class AdminToken
{
    private const string Scheme = "Bearer ";
    private const int ShortestToken = 16;

    private readonly byte[] _digest;

    private AdminToken(string value)
    {
        Value = value;
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    public string Value { get; }

    public static AdminToken Generate() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <exception cref="ConfigurationException">There is no usable token in the file.</exception>
    public static AdminToken FromFile(string path)
    {
        string token;
        try { token = File.ReadAllText(path).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new ConfigurationException($"The configuration key 'admin:tokenFile' is wrong: {e.Message}"); }
        return token.Length >= ShortestToken && token.All(char.IsAscii) && !token.Any(char.IsWhiteSpace)
            ? new AdminToken(token)
            : throw new ConfigurationException($"The configuration key 'admin:tokenFile' is wrong: {path} must hold {ShortestToken} or more letters, digits or signs, such as the output of: openssl rand -base64 32");
    }

    /// <summary>Checks an Authorization header (RFC 6750 §2.1). Takes the same time however much of it is right.</summary>
    public bool Opens(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(given, _digest);
    }

    public override string ToString() => nameof(AdminToken);
}
