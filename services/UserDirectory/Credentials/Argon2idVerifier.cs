using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Konscious.Security.Cryptography;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// A stored password verifier in PHC string form, <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>: it carries the parameters that it is checked with,
/// so that they can be raised without locking anybody out.
/// </summary>
internal sealed record Argon2idVerifier(Argon2Parameters Parameters, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Hash)
{
    private const int SaltLength = 16;
    private const int HashLength = 32;
    private const int MaxMemoryKiB = 4 * 1024 * 1024;

    public static async ValueTask<Argon2idVerifier> MakeAsync(string password, Argon2Parameters parameters)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        return new Argon2idVerifier(parameters, salt, await ComputeAsync(password, salt, parameters, HashLength));
    }

    /// <summary>A verifier that costs what a real one costs and that no password satisfies.</summary>
    public static Argon2idVerifier MakeUp(Argon2Parameters parameters) => new(parameters, RandomNumberGenerator.GetBytes(SaltLength), RandomNumberGenerator.GetBytes(HashLength));

    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Argon2idVerifier? verifier)
    {
        verifier = null;
        var fields = text.Split('$');
        if (fields is not ["", "argon2id", "v=19", var costs, var salt, var hash]) return false;
        if (!TryParseCosts(costs, out var parameters)) return false;
        if (!TryDecode(salt, out var saltBytes) || saltBytes.Length < 8 || !TryDecode(hash, out var hashBytes) || hashBytes.Length < 16) return false;
        verifier = new Argon2idVerifier(parameters, saltBytes, hashBytes);
        return true;
    }

    public async ValueTask<bool> VerifyAsync(string password)
        => CryptographicOperations.FixedTimeEquals(await ComputeAsync(password, Salt.ToArray(), Parameters, Hash.Length), Hash.Span);

    public override string ToString()
        => string.Create(CultureInfo.InvariantCulture, $"$argon2id$v=19$m={Parameters.MemoryKiB},t={Parameters.Passes},p={Parameters.Lanes}${Encode(Salt.Span)}${Encode(Hash.Span)}");

    private static async ValueTask<byte[]> ComputeAsync(string password, byte[] salt, Argon2Parameters parameters, int length)
    {
        var started = Stopwatch.GetTimestamp();
        var octets = Encoding.UTF8.GetBytes(password);
        try
        {
            using var argon2 = new Argon2id(octets)
            {
                Salt = salt,
                MemorySize = parameters.MemoryKiB,
                Iterations = parameters.Passes,
                DegreeOfParallelism = parameters.Lanes,
            };
            return await argon2.GetBytesAsync(length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
            UserDirectoryTelemetry.RecordHash(Stopwatch.GetElapsedTime(started));
        }
    }

    private static bool TryParseCosts(string text, out Argon2Parameters parameters)
    {
        parameters = default;
        if (text.Split(',') is not [var m, var t, var p]) return false;
        if (!TryParseCost(m, "m=", MaxMemoryKiB, out var memory) || !TryParseCost(t, "t=", 1000, out var passes) || !TryParseCost(p, "p=", 255, out var lanes)) return false;
        if (memory < 8 * lanes) return false; // RFC 9106 §3.1
        parameters = new Argon2Parameters(memory, passes, lanes);
        return true;
    }

    private static bool TryParseCost(string text, string name, int max, out int cost)
    {
        cost = 0;
        return text.StartsWith(name, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out cost)
            && cost >= 1 && cost <= max;
    }

    // PHC's base64 has the standard alphabet and no padding.
    private static string Encode(ReadOnlySpan<byte> octets) => Convert.ToBase64String(octets).TrimEnd('=');

    private static bool TryDecode(string text, out byte[] octets)
    {
        octets = [];
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        if (text.Contains('=', StringComparison.Ordinal) || !Base64.IsValid(padded)) return false;
        octets = Convert.FromBase64String(padded);
        return true;
    }
}
