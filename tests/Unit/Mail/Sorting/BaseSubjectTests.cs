using AwesomeAssertions;
using Merpati.Mail;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Sorting;

/// <summary>RFC 5256 §2.1.</summary>
public sealed class BaseSubjectTests
{
    [Theory]
    [InlineData(null, "", false)]
    [InlineData("", "", false)]
    [InlineData("hello", "HELLO", false)]
    [InlineData("  a \t b  ", "A B", false)]
    [InlineData("Re: hello", "HELLO", true)]
    [InlineData("re:re: FW:Fwd: hello", "HELLO", true)]
    [InlineData("Re [2]: hello", "HELLO", true)]
    [InlineData("Re[2] : hello", "HELLO", true)]
    [InlineData("[list] Re: hello", "HELLO", true)]
    [InlineData("[a] [b] hello", "HELLO", false)]
    [InlineData("[a]", "[A]", false)]
    [InlineData("Re: [a]", "[A]", true)]
    [InlineData("hello (fwd)", "HELLO", true)]
    [InlineData("hello (FWD) (fwd) ", "HELLO", true)]
    [InlineData("[Fwd: Re: hello]", "HELLO", true)]
    [InlineData("[fwd: [fwd: hello (fwd)]]", "HELLO", true)]
    [InlineData("Re:", "", true)]
    [InlineData("regarding: hello", "REGARDING: HELLO", false)]
    [InlineData("=?utf-8?q?Re:_=C3=A9t=C3=A9?=", "E\u0301TE\u0301", true)]
    [InlineData("[unclosed Re: x", "[UNCLOSED RE: X", false)]
    public void A_subject_has_a_base(string? subject, string text, bool isReply) => BaseSubject.Of(subject).Should().Be(new BaseSubject(text, isReply));

    [Fact]
    public void A_long_subject_of_marks_takes_no_long_time() => BaseSubject.Of(string.Concat(Enumerable.Repeat("[a]", 200_000))).IsReply.Should().BeFalse();
}
