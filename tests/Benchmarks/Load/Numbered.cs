using System.Globalization;

namespace Merpati.Benchmarks.Load;

/// <summary>Names of many accounts: <c>{0}</c> in a pattern stands for a number.</summary>
internal static class Numbered
{
    public static string Name(string pattern, int number) => pattern.Replace("{0}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
