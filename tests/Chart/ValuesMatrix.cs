namespace Merpati.Tests.Chart;

/// <summary>The files of values that everything is checked with.</summary>
public sealed class ValuesMatrix : TheoryData<string>
{
    public ValuesMatrix()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Chart, "ci"), "*.yaml").Order(StringComparer.Ordinal)) Add("ci/" + Path.GetFileName(file));
        foreach (var example in new[] { "small", "medium", "large", "operators/values" }) Add($"examples/{example}.yaml");
    }
}
