using System.Text;
using AwesomeAssertions;
using Merpati.Mail;
using Merpati.Mail.Content;
using Xunit;

namespace Merpati.Tests.Unit.Mail.Content;

/// <summary>A classifier that learns by the words of messages, in bounded room.</summary>
public sealed class TokenModelTests
{
    private static readonly string[] JunkWords = ["viagra", "cheap", "pills", "winner", "lottery", "click", "offer", "free", "prize", "casino", "bitcoin", "investment"];
    private static readonly string[] GoodWords = ["meeting", "report", "lunch", "project", "deadline", "review", "train", "holiday", "budget", "agenda", "minutes", "thanks"];
    private static readonly string[] Common = ["the", "and", "you", "for", "with", "that", "this", "have", "from", "will"];

    [Fact]
    public void It_says_nothing_before_it_has_learned_enough_of_both()
    {
        var model = new TokenModel();
        for (var number = 0; number < TokenModel.MinMessages; number++)
        {
            model.Score(Message(JunkWords, 1)).Should().BeNull();
            model.Learn(Message(JunkWords, number), isJunk: true).Should().BeTrue();
        }
        model.Score(Message(JunkWords, 1)).Should().BeNull("it knows no other mail");
        for (var number = 100; number < 100 + TokenModel.MinMessages; number++) model.Learn(Message(GoodWords, number), isJunk: false);
        model.Score(Message(JunkWords, 1)).Should().NotBeNull();
    }

    [Fact]
    public void Messages_it_has_never_seen_are_told_apart()
    {
        var model = Trained(60);
        var wrong = 0;
        for (var number = 5000; number < 5100; number++)
        {
            if (model.Score(Message(JunkWords, number)) < 0.9) wrong++;
            if (model.Score(Message(GoodWords, number)) > 0.1) wrong++;
        }
        wrong.Should().BeLessThan(5);
        model.Score(new MessageTokens(1, [7, 8, 9])).Should().Be(0.5, "nobody knows those words");
    }

    [Fact]
    public void A_message_is_learned_once_and_forgotten_as_what_it_was()
    {
        var model = Trained(30);
        var before = model.Write();
        var message = Message(GoodWords, 7777);
        model.Learn(message, isJunk: true).Should().BeTrue();
        model.Learn(message, isJunk: true).Should().BeFalse();
        model.Junk.Should().Be(31);
        model.Learn(message, isJunk: false).Should().BeTrue();
        (model.Junk, model.Other).Should().Be((30, 31));
        var straight = TokenModel.Read(before)!;
        straight.Learn(message, isJunk: false);
        model.Write().Should().Equal(straight.Write());
    }

    [Fact]
    public void It_is_the_same_after_it_was_kept()
    {
        var model = Trained(40);
        var again = TokenModel.Read(model.Write())!;
        again.Write().Should().Equal(model.Write());
        again.Score(Message(JunkWords, 9)).Should().Be(model.Score(Message(JunkWords, 9)));
    }

    [Fact]
    public void What_is_no_model_is_read_as_none()
    {
        var octets = Trained(20).Write();
        TokenModel.Read([]).Should().BeNull();
        TokenModel.Read(octets.AsSpan(0, octets.Length - 1)).Should().BeNull();
        TokenModel.Read([9, .. octets.AsSpan(1)]).Should().BeNull();
        octets.AsSpan(9, 4).Fill(0xff);
        TokenModel.Read(octets).Should().BeNull();
    }

    [Fact]
    public void It_never_grows_beyond_its_room_and_keeps_what_was_seen_often()
    {
        var model = Trained(100);
        for (var number = 0; number < 300; number++) model.Learn(new MessageTokens((ulong)number + 1_000_000, [.. Enumerable.Range(0, 500).Select(token => (uint)((number * 500) + token))]), isJunk: number % 2 == 0);
        model.Tokens.Should().BeLessThanOrEqualTo(TokenModel.MaxTokens);
        model.Write().Length.Should().BeLessThan(300_000);
        model.Score(Message(JunkWords, 12345)).Should().BeGreaterThan(0.9);
    }

    [Theory]
    [InlineData("Cheap pills!", "subject:cheap", "subject:pills")]
    [InlineData("=?utf-8?B?w5xiZXJyYXNjaHVuZw==?=", "subject:\u00fcberraschung")]
    [InlineData("\u65e5\u672c\u8a9e", "subject:\u65e5\u672c", "subject:\u672c\u8a9e")]
    [InlineData("a to it")]
    public async Task Words_are_those_that_a_reader_sees(string subject, params string[] words)
    {
        var message = await ReadAsync($"Subject: {subject}\r\n\r\n");
        message.Tokens.Should().BeEquivalentTo(words.Select(word => MessageTokens.Hash("", word)));
    }

    [Fact]
    public async Task The_author_and_the_text_count_and_markup_does_not()
    {
        var message = await ReadAsync("From: Joe <joe@example.org>\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n" + Convert.ToBase64String("<p class='hidden'>It costs <b>$100</b>, don't wait</p>"u8) + "\r\n");
        message.Tokens.Should().BeEquivalentTo(new[] { "from:example.org", "from:joe@example.org", "costs", "$100", "don't", "wait" }.Select(word => MessageTokens.Hash("", word)));
    }

    [Fact]
    public async Task A_message_without_end_gives_no_more_words_than_there_is_room_for()
        => (await ReadAsync("Subject: x\r\n\r\n" + string.Join(' ', Enumerable.Range(0, 50_000).Select(number => $"word{number}")))).Tokens.Should().HaveCountLessThanOrEqualTo(2000);

    private static TokenModel Trained(int messages)
    {
        var model = new TokenModel();
        for (var number = 0; number < messages; number++)
        {
            model.Learn(Message(JunkWords, number), isJunk: true);
            model.Learn(Message(GoodWords, number + 100_000), isJunk: false);
        }
        return model;
    }

    private static MessageTokens Message(string[] words, int seed)
    {
        var random = new Random(seed);
        var tokens = Enumerable.Range(0, 8).Select(_ => words[random.Next(words.Length)]).Concat(Enumerable.Range(0, 8).Select(_ => Common[random.Next(Common.Length)]));
        return new MessageTokens((ulong)seed, [.. tokens.Distinct(StringComparer.Ordinal).Select(word => MessageTokens.Hash("", word))]);
    }

    private static async Task<MessageTokens> ReadAsync(string text)
    {
        var octets = Encoding.UTF8.GetBytes(text);
        var structure = await MessageStructureBuilder.BuildAsync(new MemoryStream(octets), CancellationToken.None);
        return await MessageTokens.ReadAsync(structure, octets.Length, (offset, length, _) => ValueTask.FromResult<Stream>(new MemoryStream(octets, (int)offset, (int)length, writable: false)), CancellationToken.None);
    }
}
