using System.Net;

namespace Merpati.Benchmarks.Peers;

/// <summary>A running mail server with the accounts user0@bench.test and so on, on loopback, in the clear.</summary>
internal interface IPeer : IAsyncDisposable
{
    string Name { get; }

    IPEndPoint Smtp { get; }

    IPEndPoint Imap { get; }

    /// <summary>Roots of its process trees.</summary>
    IReadOnlyList<int> Processes { get; }
}

internal static class BenchAccounts
{
    public const int Count = 10;

    public const string Pattern = "user{0}@bench.test";

    public const string Password = "bench-password";

    public static IEnumerable<string> Addresses => Enumerable.Range(0, Count).Select(number => Load.Numbered.Name(Pattern, number));
}
