using System.Text;
using AwesomeAssertions;
using Merpati.Mail;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Message;

public sealed class SafeTextTests
{
    [Fact]
    public void Plain_text_comes_before_html_and_attachments_are_named()
    {
        var text = Read("""
            From: =?utf-8?q?J=C3=B6?= <joe@example.org>
            To: ann@example.test
            Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: multipart/alternative; boundary=a

            --a
            Content-Type: text/html

            <p>never</p>
            --a
            Content-Type: text/plain

            Look at https://example.org/
            --a--
            --b
            Content-Type: application/pdf; name="bill.pdf"
            Content-Disposition: attachment; filename="bill.pdf"

            x
            --b--
            """);
        text.From.Should().Contain("joe@example.org");
        text.Subject.Should().Be("Grüße");
        text.Text.Trim().Should().Be("Look at https[:]//example.org/");
        text.Attachments.Should().Equal("bill.pdf (application/pdf)");
        text.IsCut.Should().BeFalse();
    }

    [Fact]
    public void Of_html_the_words_are_left()
        => Read("Content-Type: text/html\n\n<style>p{}</style><p onclick=x>Dear <b>Ann</b></p><script>run()</script>").Text.Should().Contain("Dear").And.Contain("Ann").And.NotContain("run").And.NotContain("<");

    [Theory]
    [InlineData("a\u001b[2Jb", "a[2Jb")]
    [InlineData("exe\u202Efdp", "exefdp")]
    [InlineData("a\u200Bb\u0007", "ab")]
    public void What_steers_a_terminal_or_hides_letters_is_left_out(string body, string shown)
        => Read($"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}").Text.Trim().Should().Be(shown);

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=b\n\n--b")]
    [InlineData("Content-Type: text/plain; charset=no-such\n\nx")]
    public void Whatever_comes_there_is_an_answer(string message) => Read(message).Attachments.Should().BeEmpty();

    [Fact]
    public void Deep_nesting_and_long_text_have_an_end()
    {
        var deep = new StringBuilder();
        for (var i = 0; i < 5000; i++) deep.Append("Content-Type: multipart/mixed; boundary=b").Append(i).Append("\n\n--b").Append(i).Append('\n');
        Read(deep.ToString()).Should().NotBeNull();
        var text = Read("\n" + new string('x', 100_000));
        text.Text.Length.Should().Be(20_000);
        text.IsCut.Should().BeTrue();
        SafeText.Of("Subject: x\r\n\r\nbegin"u8.ToArray(), isWhole: false).IsCut.Should().BeTrue();
    }

    private static SafeText Read(string message) => SafeText.Of(Encoding.UTF8.GetBytes(message.ReplaceLineEndings("\r\n")), isWhole: true);
}
