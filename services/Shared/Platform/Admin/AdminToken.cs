using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Merpati.Platform.Admin;

/// <summary>The secret that opens the admin API: 32 random bytes, new at every start, shown to nobody but the owner of the data folder.</summary>
public sealed class AdminToken
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _digest;

    private AdminToken(string value)
    {
        Value = value;
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    public string Value { get; }

    public static AdminToken Generate() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Checks an Authorization header (RFC 6750 §2.1). Takes the same time however much of it is right.</summary>
    public bool Opens(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(given, _digest);
    }

    public override string ToString() => nameof(AdminToken);
}
