using AwesomeAssertions;
using Merpati.Mail;
using Xunit;

namespace Merpati.Tests.Unit.Mail;

/// <summary>i;unicode-casemap (RFC 5051).</summary>
public sealed class CaseMapTests
{
    [Theory]
    [InlineData("Plain", "pLAIN")]
    [InlineData("\u00e9", "E\u0301")]
    [InlineData("\u01d6", "U\u0308\u0304")]
    [InlineData("\ufb01", "fi")]
    [InlineData("\uff21\uff22", "ab")]
    [InlineData("\u03c3", "\u03a3")]
    [InlineData("\u0436", "\u0416")]
    [InlineData("\ud55c", "\u1112\u1161\u11ab")]
    [InlineData("\U00010428", "\U00010400")]
    [InlineData("x\ud800y", "X\ud800Y")]
    public void Texts_are_the_same_without_case_and_composition(string one, string other) => CaseMap.Fold(one).Should().Be(CaseMap.Fold(other));

    [Theory]
    [InlineData("a", "b")]
    [InlineData("\u00df", "ss")]
    [InlineData("\u00e9", "\u00e8")]
    public void Others_are_not(string one, string other) => CaseMap.Fold(one).Should().NotBe(CaseMap.Fold(other));

    [Fact]
    public void What_is_folded_stays_as_it_is()
    {
        for (var c = 1; c < 0x30000; c++)
        {
            if (c is >= 0xd800 and < 0xe000) continue;
            var folded = CaseMap.Fold(char.ConvertFromUtf32(c));
            CaseMap.Fold(folded).Should().Be(folded, $"U+{c:X4}");
        }
    }

    [Fact]
    public async Task A_text_is_found_across_the_pieces_in_which_it_comes()
    {
        var match = new TextMatch("caf\u00e9 bar");
        foreach (var cut in Enumerable.Range(1, 12))
        {
            const string Text = "xxCAFE\u0301 BARxx";
            (await match.IsInAsync(Pieces(Text, cut), default)).Should().BeTrue($"{cut}");
            (await match.IsInAsync(Pieces("xxCAFE\u0300 BARxx", cut), default)).Should().BeFalse($"{cut}");
        }

        static async IAsyncEnumerable<ReadOnlyMemory<char>> Pieces(string text, int length)
        {
            await Task.Yield();
            foreach (var piece in text.Chunk(length)) yield return piece;
        }
    }
}
