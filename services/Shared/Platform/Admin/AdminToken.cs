using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Merpati.Platform.Hosting;

namespace Merpati.Platform.Admin;

/// <summary>
/// A secret that opens the admin API, as far as its role goes. In Standalone one of 32 random bytes, new at every start, shown to nobody but the owner of the data folder;
/// others are secrets of the operator's.
/// </summary>
public sealed class AdminToken
{
    private const string Scheme = "Bearer ";
    private const int ShortestToken = 16;

    private readonly byte[] _digest;

    private AdminToken(string name, AdminRole role, string value)
    {
        (Name, Role, Value) = (name, role, value);
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Whose it is; in logs and timelines.</summary>
    public string Name { get; }

    public AdminRole Role { get; }

    public string Value { get; }

    /// <summary>One for an administrator.</summary>
    public static AdminToken Generate() => new("administrator", AdminRole.Administrator, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <param name="key">The configuration key that names the file.</param>
    /// <exception cref="ConfigurationException">There is no usable token in the file.</exception>
    public static AdminToken FromFile(string path, string key = "admin:tokenFile", string name = "administrator", AdminRole role = AdminRole.Administrator)
    {
        string token;
        try { token = File.ReadAllText(path).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new ConfigurationException($"The configuration key '{key}' is wrong: {e.Message}"); }
        return token.Length >= ShortestToken && token.All(char.IsAscii) && !token.Any(char.IsWhiteSpace)
            ? new AdminToken(name, role, token)
            : throw new ConfigurationException($"The configuration key '{key}' is wrong: {path} must hold {ShortestToken} or more letters, digits or signs, such as the output of: openssl rand -base64 32");
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
