using AwesomeAssertions;
using Merpati.Cli.Terminal;
using Xunit;

namespace Merpati.Tests.Unit.Cli;

public sealed class OctetsTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("none", 0)]
    [InlineData("1000", 1000)]
    [InlineData("1k", 1024)]
    [InlineData("500M", 500L << 20)]
    [InlineData("10 G", -1)]
    [InlineData("10GB", 10L << 30)]
    [InlineData("10GiB", 10L << 30)]
    [InlineData("2T", 2L << 40)]
    [InlineData("", -1)]
    [InlineData("G", -1)]
    [InlineData("-1", -1)]
    [InlineData("1.5G", -1)]
    [InlineData("99999999999T", -1)]
    public void Sizes_are_read_as_people_write_them(string text, long expected)
    {
        Octets.TryParse(text, out var octets).Should().Be(expected >= 0);
        if (expected >= 0) octets.Should().Be(expected);
    }

    [Theory]
    [InlineData(null, "no limit")]
    [InlineData(512L, "512 octets")]
    [InlineData(1536L, "1.5 KiB")]
    [InlineData(10L << 30, "10 GiB")]
    public void Sizes_are_written_short(long? octets, string expected) => Octets.Format(octets).Should().Be(expected);
}
