using AwesomeAssertions;

namespace Merpati.Tests.Chart;

/// <summary>A file that is made from others and kept in the repository, so that a review shows what a change does.</summary>
internal static class Generated
{
    public static async Task ShouldBeAsync(string path, string content)
    {
        var file = Path.Combine(Repository.Root, path);
        if (Repository.IsUpdating)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content);
            return;
        }
        File.Exists(file).Should().BeTrue("{0} is made by dotnet cake --target=ChartUpdate", path);
        (await File.ReadAllTextAsync(file)).Should().Be(content, "{0} is brought up to date by dotnet cake --target=ChartUpdate", path);
    }
}
