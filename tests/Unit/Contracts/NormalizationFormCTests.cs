using AwesomeAssertions;
using Merpati.Mailboxes;
using Xunit;

namespace Merpati.Tests.Unit.Contracts;

/// <summary>UAX #15; samples of its conformance test.</summary>
public sealed class NormalizationFormCTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u00e9t\u00e9", "\u00e9t\u00e9")]
    [InlineData("e\u0301te\u0301", "\u00e9t\u00e9")]
    [InlineData("\u212b", "\u00c5")] // the Angstrom sign is another character's only form
    [InlineData("\u1e9b\u0323", "\u1e9b\u0323")]
    [InlineData("\u0044\u0307\u0323", "\u1e0c\u0307")] // marks go by class first
    [InlineData("\u0061\u0315\u0300\u05ae\u0062", "\u00e0\u05ae\u0315\u0062")]
    [InlineData("\u0958", "\u0915\u093c")] // a composition exclusion comes apart
    [InlineData("\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00")] // Hangul
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")] // beyond the first plane
    [InlineData("\u0928\u093c", "\u0929")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("a\u0300\u0301\u0300", "\u00e0\u0301\u0300")]
    [InlineData("\u65e5\u672c\ud83d\udc8c", "\u65e5\u672c\ud83d\udc8c")]
    public void Gives_the_composed_form(string text, string expected)
    {
        NormalizationFormC.TryNormalize(text, out var normal).Should().BeTrue();
        normal.Should().Be(expected);
        NormalizationFormC.TryNormalize(normal, out var again).Should().BeTrue();
        again.Should().Be(normal);
    }

    [Fact]
    public void A_lone_surrogate_is_no_text()
    {
        // Not as arguments of a theory: a runner hands these over as UTF-8, which has no lone surrogates.
        NormalizationFormC.TryNormalize("\ud800", out _).Should().BeFalse();
        NormalizationFormC.TryNormalize("a\udc00b", out _).Should().BeFalse();
    }
}
