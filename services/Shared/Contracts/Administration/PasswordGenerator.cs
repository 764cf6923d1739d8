using System.Security.Cryptography;

namespace Merpati.Administration;

/// <summary>Passwords that a person can read out and type: five letters or digits in each of four groups, none of them easily mistaken, 100 bits in all.</summary>
public static class PasswordGenerator
{
    private const string Alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    private const int Groups = 4;
    private const int GroupLength = 5;

    public static string Generate()
        => string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
}
