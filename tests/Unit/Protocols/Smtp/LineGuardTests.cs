using System.Text;
using AwesomeAssertions;
using FsCheck.Xunit;
using Merpati.Protocols.Smtp;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Smtp;

public sealed class LineGuardTests
{
    [Theory]
    [InlineData("", false, 0)]
    [InlineData("abc", false, 3)]
    [InlineData("abc\r\n", false, 3)]
    [InlineData("\r\n\r\n", false, 0)]
    [InlineData("a\r\nbcd\r\n", false, 3)]
    [InlineData("a\nb", true, 1)]
    [InlineData("a\rb", true, 1)]
    [InlineData("a\r", true, 1)]
    [InlineData("\n", true, 0)]
    [InlineData("a\r\r\n", true, 1)]
    [InlineData("a\r\n\nb", true, 1)]
    public void Watches(string text, bool bare, int longest)
    {
        var guard = Watch(Encoding.ASCII.GetBytes(text), []);
        guard.HasBareLineBreak.Should().Be(bare);
        guard.LongestLine.Should().Be(longest);
    }

    [Property(MaxTest = 2000)]
    public bool Finds_what_is_there_however_it_is_cut(byte[] seed, byte[] cuts)
    {
        var octets = SmtpText.From(seed);
        var text = Encoding.ASCII.GetString(octets);
        var guard = Watch(octets, cuts);
        var withoutBreaks = text.Replace("\r\n", "", StringComparison.Ordinal);
        var bare = withoutBreaks.AsSpan().ContainsAny('\r', '\n') && text.Split("\r\n").Any(line => line.AsSpan().ContainsAny('\r', '\n'));
        return guard.HasBareLineBreak == bare && guard.LongestLine == text.Split(["\r\n", "\r", "\n"], StringSplitOptions.None).Max(line => line.Length);
    }

    private static LineGuard Watch(byte[] text, byte[] cuts)
    {
        var guard = new LineGuard();
        foreach (var piece in SmtpText.Cut(text, cuts)) guard.Watch(piece.Span);
        guard.Complete();
        return guard;
    }
}
