using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Pop3;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Pop3;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("QUIT", "QUIT", null)]
    [InlineData("quit ", "QUIT", null)]
    [InlineData("Pass  two  spaces ", "PASS", " two  spaces ")]
    [InlineData("TOP 1 10", "TOP", "1 10")]
    [InlineData("UTF8", "UTF8", null)]
    [InlineData("USER j\u00f6rg", "USER", "j\u00f6rg")]
    public void A_command_is_a_keyword_and_the_rest(string line, string verb, string? argument)
    {
        Pop3CommandLine.TryParse(Encoding.UTF8.GetBytes(line), out var command).Should().BeTrue();
        command.Should().Be(new Pop3CommandLine(verb, argument));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(" QUIT")]
    [InlineData("QU\0IT")]
    [InlineData("RETR 1\0")]
    [InlineData("USER a\tb")]
    [InlineData("USER a\rb")]
    [InlineData("PASS \u007f")]
    [InlineData("GET / HTTP/1.1\r")]
    [InlineData("\u00fcSER x")]
    [InlineData("AVERYLONGVERB")]
    [InlineData("<xml>")]
    public void Anything_else_is_none(string line) => Pop3CommandLine.TryParse(Encoding.Latin1.GetBytes(line), out _).Should().BeFalse();

    [Fact]
    public void An_argument_that_is_not_utf8_is_none() => Pop3CommandLine.TryParse([.. "USER "u8, 0xC3, 0x28], out _).Should().BeFalse();
}
