using System.Net;
using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Platform.Listeners;
using Xunit;

namespace Merpati.Tests.Unit.Platform.Listeners;

public sealed class ProxyHeaderTests
{
    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\r\n", "192.0.2.1:4711", "198.51.100.2:25")]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n", "[2001:db8::1]:65535", "[2001:db8::2]:0")]
    [InlineData("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1:1", "192.0.2.2:2")]
    [InlineData("PROXY UNKNOWN\r\n", null, null)]
    [InlineData("PROXY UNKNOWN whatever stands here\r\n", null, null)]
    public void Reads_version_1(string text, string? source, string? destination) => ShouldRead(Encoding.ASCII.GetBytes(text), source, destination);

    [Theory]
    [InlineData("EHLO client.example.org\r\n")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4711 25 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4711 65536\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 +1 25\r\n")]
    [InlineData("PROXY TCP4 1 198.51.100.2 4711 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.01 198.51.100.2 4711 25\r\n")]
    [InlineData("PROXY TCP4 2001:db8::1 2001:db8::2 4711 25\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 198.51.100.2 4711 25\r\n")]
    [InlineData("PROXY UDP4 192.0.2.1 198.51.100.2 4711 25\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.2 4711 25\n")]
    [InlineData("proxy TCP4 192.0.2.1 198.51.100.2 4711 25\r\n")]
    public void Takes_nothing_else_for_version_1(string text) => ShouldRefuse(Encoding.ASCII.GetBytes(text));

    [Fact]
    public void A_line_of_version_1_has_an_end()
    {
        ProxyHeader.Parse(Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 92)), out var needed);
        needed.Should().Be(1);
        ProxyHeader.Parse(Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', 93)), out needed);
        needed.Should().Be(-1);
    }

    [Theory]
    [InlineData("21 11 000C C0000201 C6336402 1267 0019", "192.0.2.1:4711", "198.51.100.2:25")]
    [InlineData("21 11 0011 C0000201 C6336402 1267 0019 E2 0002 ABCD", "192.0.2.1:4711", "198.51.100.2:25")]
    [InlineData("21 21 0024 20010DB8000000000000000000000001 20010DB8000000000000000000000002 1267 0019", "[2001:db8::1]:4711", "[2001:db8::2]:25")]
    [InlineData("20 00 0000", null, null)]
    [InlineData("20 11 000C C0000201 C6336402 1267 0019", null, null)]
    [InlineData("21 00 0003 FFFFFF", null, null)]
    public void Reads_version_2(string hex, string? source, string? destination) => ShouldRead(Version2(hex), source, destination);

    [Theory]
    [InlineData("11 11 000C C0000201 C6336402 1267 0019")]
    [InlineData("22 11 000C C0000201 C6336402 1267 0019")]
    [InlineData("21 11 0008 C0000201 C6336402")]
    [InlineData("21 12 000C C0000201 C6336402 1267 0019")]
    [InlineData("21 31 0002 FFFF")]
    [InlineData("21 11 FFFF C0000201 C6336402 1267 0019")]
    public void Takes_nothing_else_for_version_2(string hex) => ShouldRefuse(Version2(hex));

    [Property(MaxTest = 3000)]
    public bool No_octets_make_it_throw_or_ask_for_more_than_a_header_has(byte[] octets)
    {
        _ = ProxyHeader.Parse(octets, out var needed);
        _ = ProxyHeader.Parse(Version2(Convert.ToHexString(octets)), out var more);
        return octets.Length + needed <= ProxyHeader.MaxLength && more <= ProxyHeader.MaxLength;
    }

    private static byte[] Version2(string hex) => [.. "\r\n\r\n\0\r\nQUIT\n"u8, .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))];

    /// <summary>As the listener does: never more than is needed.</summary>
    private static ProxyHeader? Feed(byte[] octets, out int length)
    {
        length = 0;
        while (true)
        {
            var header = ProxyHeader.Parse(octets.AsSpan(0, length), out var needed);
            if (header is not null || needed < 0) return header;
            needed.Should().BePositive();
            length += needed;
            length.Should().BeLessThanOrEqualTo(octets.Length);
        }
    }

    private static void ShouldRead(byte[] octets, string? source, string? destination)
    {
        var header = Feed(octets, out var length);
        header.Should().Be(new ProxyHeader(source is null ? null : IPEndPoint.Parse(source), destination is null ? null : IPEndPoint.Parse(destination)));
        length.Should().Be(octets.Length, "the client's own octets come next");
    }

    private static void ShouldRefuse(byte[] octets) => Feed([.. octets, .. new byte[200]], out _).Should().BeNull();
}
