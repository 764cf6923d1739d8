using AwesomeAssertions;
using Merpati.Mail;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

/// <summary>Messages as they come, with the structure that was checked by hand beside them.</summary>
public sealed class CorpusTests
{
    internal static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Mail", "Corpus");

    public static TheoryData<string> Messages => [.. Directory.GetFiles(Folder, "*.eml").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Has_the_expected_structure(string name)
    {
        await using var content = File.OpenRead(Path.Combine(Folder, name + ".eml"));
        var text = StructureText.Of(await MessageStructureBuilder.BuildAsync(content, CancellationToken.None));

        var expected = Path.Combine(Folder, name + ".structure");
        if (Environment.GetEnvironmentVariable("MERPATI_ACCEPT_CORPUS") is { Length: > 0 } sources)
            await File.WriteAllTextAsync(Path.Combine(sources, name + ".structure"), text);
        else
            text.Should().Be(await File.ReadAllTextAsync(expected), "the structure of {0}.eml is known", name);
    }
}
