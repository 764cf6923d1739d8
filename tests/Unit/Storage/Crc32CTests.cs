using AwesomeAssertions;
using Merpati.Storage;
using Xunit;

namespace Merpati.Tests.Unit.Storage;

public sealed class Crc32CTests
{
    // RFC 3720 §B.4 and the usual check value.
    [Fact]
    public void Agrees_with_the_published_vectors()
    {
        Crc32C.Compute("123456789"u8).Should().Be(0xE3069283);
        Crc32C.Compute(new byte[32]).Should().Be(0x8A9136AA);
        Crc32C.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]).Should().Be(0x46DD794E);
        Crc32C.Compute([]).Should().Be(0);
    }
}
