using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using AwesomeAssertions;
using Merpati.Protocols.Milter;
using Merpati.TestKit.Scanners;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Merpati.Tests.Unit.Protocols.Milter;

/// <summary>The server's side of the milter protocol, octet by octet, against a filter that says what the test wants.</summary>
public sealed class MilterSessionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _up = new();
    // What the filter says is heard before the writing returns.
    private readonly Pipe _down = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly MilterSession _session;

    public MilterSessionTests() => _session = new MilterSession(new Ends(_down.Reader, _up.Writer), Patience, _time);

    [Fact]
    public async Task It_offers_version_6_and_keeps_to_what_the_filter_took_up()
    {
        var terms = await NegotiateAsync(actions: 0x11, steps: 0x100000 | 0x10);

        (await HeardAsync()).Should().Equal(Line('O', [0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xf7, 0xff]));
        terms.Actions.Should().Be(MilterActions.AddHeaders | MilterActions.ChangeHeaders);
        (await _session.BodyAsync("x"u8.ToArray(), default)).Should().BeOfType<MilterReply.Continue>("the filter wants no body");
        (await HeardAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Each_step_has_its_macros_before_it()
    {
        await NegotiateAsync();
        _session.Define("j", "mail.example.test");
        _session.Define("_", "client [192.0.2.7]");
        _session.Define("{mail_addr}", "ann@example.test");
        await SayAsync('c', 'c', 'c');
        await _session.ConnectAsync("client.example.org", IPEndPoint.Parse("192.0.2.7:4711"), default);
        await _session.HeloAsync("client.example.org", default);
        await _session.MailAsync("<ann@example.test>", ["SIZE=10"], default);

        (await HeardAsync()).Skip(1).Should().Equal(
            "DCj|mail.example.test|_|client [192.0.2.7]|", "Cclient.example.org|4\x12\x67" + "192.0.2.7|",
            "DH", "Hclient.example.org|",
            "DM{mail_addr}|ann@example.test|", "M<ann@example.test>|SIZE=10|");
    }

    [Fact]
    public async Task A_filter_gets_the_macros_that_it_asked_for()
    {
        await NegotiateAsync(more: [.. ScriptedFilter.Number(2), .. "{i} j nothing\0"u8]);
        _session.Define("i", "4711");
        _session.Define("j", "mail.example.test");
        await SayAsync('c');
        await _session.MailAsync("<>", [], default);
        (await HeardAsync()).Should().Contain("DM{i}|4711|j|mail.example.test|");
    }

    [Theory]
    [InlineData(0u, " hello\r\n\tworld\r\n", "hello\n\tworld")]
    [InlineData(0u, "  hello\r\n", " hello")]
    [InlineData(0x100000u, " hello\r\n", " hello")]
    public async Task The_value_of_a_field_goes_without_its_first_blank_unless_the_filter_wants_it_and_is_folded_by_LF(uint steps, string value, string sent)
    {
        await NegotiateAsync(steps: steps);
        await SayAsync('c');
        await _session.HeaderAsync("Subject"u8, Encoding.ASCII.GetBytes(value), default);
        (await HeardAsync())[^1].Should().Be($"LSubject|{sent}|");
    }

    [Fact]
    public async Task Steps_that_the_filter_does_not_answer_go_on_at_once()
    {
        await NegotiateAsync(steps: 0x80 | 0x80000);
        (await _session.HeaderAsync("A"u8, " b"u8, default)).Should().BeOfType<MilterReply.Continue>();
        (await _session.BodyAsync("body"u8.ToArray(), default)).Should().BeOfType<MilterReply.Continue>();
        (await HeardAsync()).TakeLast(2).Should().Equal("LA|b|", "Bbody");
    }

    [Fact]
    public async Task At_the_end_come_the_changes_and_the_last_word()
    {
        await NegotiateAsync();
        await WriteAsync([
            .. ScriptedFilter.Texts('h', "X-A", "1"), .. ScriptedFilter.Numbered('i', 0, "X-B", "2"), .. ScriptedFilter.Numbered('m', 3, "Subject", ""), .. ScriptedFilter.Texts('+', "<bob@example.test>"),
            .. ScriptedFilter.Texts('2', "<eve@example.test>", "NOTIFY=NEVER"), .. ScriptedFilter.Texts('-', "<ann@example.test>"), .. ScriptedFilter.Texts('e', "<>"), .. ScriptedFilter.Packet('p', []),
            .. ScriptedFilter.Packet('b', "new"u8), .. ScriptedFilter.Texts('q', "why"), .. ScriptedFilter.Packet('a', [])]);
        var changes = new List<string>();

        var last = await _session.EndOfMessageAsync((change, _) =>
        {
            changes.Add(change switch
            {
                MilterChange.AddHeader add => $"add {Text(add.Name)}: {Text(add.Value)}",
                MilterChange.InsertHeader insert => $"insert {insert.Index} {Text(insert.Name)}: {Text(insert.Value)}",
                MilterChange.ChangeHeader replace => $"change {replace.Index} {Text(replace.Name)}: {Text(replace.Value)}",
                MilterChange.ReplaceBody body => $"body {Text(body.Octets)}",
                var other => other.ToString(),
            });
            return default;
        }, default);

        last.Should().BeOfType<MilterReply.Accept>();
        changes.Should().Equal("add X-A: 1", "insert 0 X-B: 2", "change 3 Subject: ", "AddRecipient { Needs = AddRecipients, Path = <bob@example.test>, Parameters =  }",
            "AddRecipient { Needs = AddRecipientsWithParameters, Path = <eve@example.test>, Parameters = NOTIFY=NEVER }", "DeleteRecipient { Needs = DeleteRecipients, Path = <ann@example.test> }",
            "ChangeFrom { Needs = ChangeFrom, Path = <>, Parameters =  }", "body new", "Quarantine { Needs = Quarantine, Reason = why }");
    }

    [Theory]
    [InlineData("550 5.7.1 No\r\n550 5.7.1 more", 550, "5.7.1", "No")]
    [InlineData("451 Later", 451, null, "Later")]
    [InlineData("550 4.7.1 odd", 550, null, "4.7.1 odd")]
    [InlineData("554", 554, null, "")]
    public void A_refusal_in_its_own_words(string said, int code, string? enhanced, string text)
        => MilterReply.Parse(new MilterPacket((byte)'y', Encoding.ASCII.GetBytes(said + '\0'))).Should().Be(new MilterReply.Refuse(code, enhanced, text));

    [Theory]
    [InlineData('y', "250 fine\0", "no code")]
    [InlineData('y', "550 no end", "no end")]
    [InlineData('h', "X-A\0value", "no end")]
    [InlineData('i', "\0\0", "lacks its number")]
    [InlineData('!', "", "no reply")]
    [InlineData('f', "", "gave the connection up")]
    [InlineData('4', "", "shuts down")]
    public void What_is_no_reply_is_a_fault(char command, string data, string words)
        => ((Action)(() => MilterReply.Parse(new MilterPacket((byte)command, Encoding.ASCII.GetBytes(data))))).Should().Throw<MilterException>().WithMessage($"*{words}*");

    [Theory]
    [InlineData(7u, 0u, 0u, "version 7")]
    [InlineData(1u, 0u, 0u, "version 1")]
    [InlineData(6u, 0x200u, 0u, "more than it may")]
    [InlineData(6u, 0u, 0x800u, "steps that were not offered")]
    [InlineData(6u, 0u, 0x10000000u, "steps that were not offered")]
    public async Task Terms_that_were_not_offered_are_a_fault(uint version, uint actions, uint steps, string words)
        => await ((Func<Task>)(() => NegotiateAsync(actions, steps, version))).Should().ThrowAsync<MilterException>().WithMessage($"*{words}*");

    [Fact]
    public async Task A_change_that_was_not_negotiated_is_a_fault()
    {
        await NegotiateAsync(actions: 0x01);
        await WriteAsync(ScriptedFilter.Packet('b', "new body"u8));
        await FaultAsync(() => _session.EndOfMessageAsync((_, _) => default, default), "did not negotiate");
    }

    [Fact]
    public async Task A_packet_that_cannot_be_is_a_fault_before_it_is_read()
    {
        await NegotiateAsync();
        await WriteAsync([0x7f, 0xff, 0xff, 0xff, (byte)'c']);
        await FaultAsync(() => _session.HeloAsync("x", default), "announces a packet");
    }

    [Fact]
    public async Task A_filter_that_closes_is_a_fault()
    {
        await NegotiateAsync();
        await WriteAsync([0, 0, 0]);
        await _down.Writer.CompleteAsync();
        await FaultAsync(() => _session.HeloAsync("x", default), "closed the connection");
    }

    [Fact]
    public async Task A_filter_that_hangs_is_a_fault_when_the_patience_is_over_and_progress_begins_it_anew()
    {
        await NegotiateAsync();
        var waiting = _session.EndOfMessageAsync((_, _) => default, default).AsTask();
        for (var times = 0; times < 3; times++)
        {
            _time.Advance(Patience * 0.8);
            await SayAsync('p');
        }
        waiting.IsCompleted.Should().BeFalse();
        await AdvanceUntilAsync(waiting);
        await FaultAsync(() => new ValueTask(waiting), "does not answer");
    }

    [Fact]
    public async Task A_filter_that_changes_without_end_is_a_fault()
    {
        await NegotiateAsync();
        var ending = _session.EndOfMessageAsync((_, _) => default, default).AsTask();
        var packet = ScriptedFilter.Texts('h', "X-A", "1");
        while (!ending.IsCompleted) await WriteAsync(packet);
        await FaultAsync(() => new ValueTask(ending), "more than 10000 changes");
    }

    [Fact]
    public void A_packet_may_come_in_any_pieces()
    {
        byte[] octets = [.. ScriptedFilter.Texts('y', "550 5.7.1 no"), .. ScriptedFilter.Packet('c', [])];
        for (var cut = 0; cut <= octets.Length; cut++)
        {
            var commands = new List<char>();
            var buffer = new ReadOnlySequence<byte>(octets, 0, cut);
            while (MilterPacket.TryRead(ref buffer, out var packet)) commands.Add((char)packet.Command);
            buffer = new ReadOnlySequence<byte>([.. buffer.ToArray(), .. octets[cut..]]);
            while (MilterPacket.TryRead(ref buffer, out var packet)) commands.Add((char)packet.Command);
            commands.Should().Equal('y', 'c');
        }
    }

    private async Task<MilterTerms> NegotiateAsync(uint actions = 0x1ff, uint steps = 0, uint version = 6, byte[]? more = null)
    {
        await WriteAsync(ScriptedFilter.Packet('O', [.. ScriptedFilter.Number(version), .. ScriptedFilter.Number(actions), .. ScriptedFilter.Number(steps), .. more ?? []]));
        return await _session.NegotiateAsync(MilterActions.All, default);
    }

    private async Task SayAsync(params char[] replies)
    {
        foreach (var reply in replies) await WriteAsync(ScriptedFilter.Packet(reply, []));
    }

    private async Task WriteAsync(byte[] octets) => await _down.Writer.WriteAsync(octets);

    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(task, Task.Delay(10));
        }
    }

    private static async Task FaultAsync<T>(Func<ValueTask<T>> step, string words) => await FluentFault(async () => await step(), words);

    private static async Task FaultAsync(Func<ValueTask> step, string words) => await FluentFault(async () => await step(), words);

    private static async Task FluentFault(Func<Task> step, string words) => await step.Should().ThrowAsync<MilterException>().WithMessage($"*{words}*");

    /// <summary>The packets that the session has sent since the last time.</summary>
    private async Task<List<string>> HeardAsync()
    {
        var packets = new List<string>();
        if (!_up.Reader.TryRead(out var read)) return packets;
        var buffer = read.Buffer;
        while (MilterPacket.TryRead(ref buffer, out var packet)) packets.Add(Line((char)packet.Command, packet.Data.Span));
        _up.Reader.AdvanceTo(buffer.Start);
        await Task.CompletedTask;
        return packets;
    }

    private static string Line(char command, ReadOnlySpan<byte> data) => command + Encoding.Latin1.GetString(data).Replace('\0', '|');

    private static string Text(ReadOnlyMemory<byte> octets) => Encoding.UTF8.GetString(octets.Span);

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
