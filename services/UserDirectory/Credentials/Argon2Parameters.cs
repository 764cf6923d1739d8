namespace Merpati.UserDirectory.Credentials;

/// <summary>Cost of an Argon2id computation (RFC 9106 §3.1).</summary>
internal readonly record struct Argon2Parameters(int MemoryKiB, int Passes, int Lanes)
{
    public static Argon2Parameters From(UserDirectoryOptions options) => new(options.Argon2MemoryKiB, options.Argon2Passes, options.Argon2Lanes);

    /// <summary>True when a verifier made with these costs an attacker less than one made with <paramref name="wanted"/>.</summary>
    public bool IsWeakerThan(Argon2Parameters wanted) => (long)MemoryKiB * Passes < (long)wanted.MemoryKiB * wanted.Passes || MemoryKiB < wanted.MemoryKiB;
}
