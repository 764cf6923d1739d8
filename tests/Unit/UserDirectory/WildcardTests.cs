using System.Diagnostics;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.UserDirectory.Addresses;
using Xunit;

namespace Merpati.Tests.Unit.UserDirectory;

public sealed class WildcardTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "anything", true)]
    [InlineData("ann-*", "ann-", true)]
    [InlineData("ann-*", "ANN-x", true)]
    [InlineData("ann-*", "ann", false)]
    [InlineData("*-ann", "x-ann", true)]
    [InlineData("*-ann", "x-ann-y", false)]
    [InlineData("a*b*c", "abc", true)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("a**b", "ab", true)]
    [InlineData("ann", "ann", true)]
    [InlineData("ann", "anna", false)]
    public void A_star_stands_for_anything_or_nothing(string pattern, string text, bool expected)
        => Wildcard.Matches(pattern, text).Should().Be(expected);

    [Fact]
    public void A_pattern_of_stars_is_no_attack()
    {
        var pattern = string.Concat(Enumerable.Repeat("a*", 32)) + "b";
        var started = Stopwatch.GetTimestamp();
        Wildcard.Matches(pattern, new string('a', 64)).Should().BeFalse();
        Stopwatch.GetElapsedTime(started).Should().BeLessThan(TimeSpan.FromSeconds(30), "otherwise it would take years");
    }

    [Property]
    public bool Literal_text_matches_itself_with_a_star_anywhere(string? text, int at)
    {
        text = (text ?? "").Replace("*", "", StringComparison.Ordinal);
        var position = (int)((uint)at % (uint)(text.Length + 1));
        return Wildcard.Matches(text.Insert(position, "*"), text) && Wildcard.Matches("*", text);
    }
}
