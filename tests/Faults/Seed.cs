using System.Globalization;
using Xunit.Abstractions;

namespace Merpati.Tests.Faults;

/// <summary>What chance is made of, so that a run can be repeated: <c>MERPATI_TEST_SEED</c> when it is set.</summary>
internal static class Seed
{
    public static int Take(ITestOutputHelper output)
    {
        var seed = Environment.GetEnvironmentVariable("MERPATI_TEST_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"MERPATI_TEST_SEED={seed}");
        return seed;
    }
}
