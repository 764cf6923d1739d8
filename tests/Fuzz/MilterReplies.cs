using System.Buffers;
using System.IO.Pipelines;
using Merpati.Protocols.Milter;

namespace Merpati.Fuzz;

/// <summary>
/// A filter that says anything: every step of the conversation ends with a reply or with the protocol's own fault, the pieces in which it came make no difference, and nothing is done that was not negotiated.
/// </summary>
internal static class MilterReplies
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var octets = input.ToArray();
        var whole = Converse(octets, octets.Length);
        var dripped = Converse(octets, 1);
        if (whole != dripped) throw new InvalidOperationException($"{whole} became {dripped} in single octets.");
    }

    private static string Converse(byte[] octets, int piece)
    {
        var up = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var session = new MilterSession(new Ends(new Dripping(octets, piece), up.Writer), Timeout.InfiniteTimeSpan, TimeProvider.System);
        var said = new List<string>();
        var conversation = ConverseAsync();
        if (!conversation.IsCompleted) throw new InvalidOperationException("The conversation waits though the filter has said all.");
        if (conversation.Exception is { InnerException: not MilterException } fault) throw fault;
        return string.Join(' ', said) + (conversation.IsFaulted ? " fault" : "");

        async Task ConverseAsync()
        {
            var terms = await session.NegotiateAsync(MilterActions.All, CancellationToken.None);
            said.Add($"{terms.Version} {terms.Actions} {terms.Steps}");
            said.Add((await session.ConnectAsync("client", null, CancellationToken.None)).GetType().Name);
            said.Add((await session.HeloAsync("client", CancellationToken.None)).GetType().Name);
            said.Add((await session.MailAsync("<>", [], CancellationToken.None)).GetType().Name);
            said.Add((await session.RcptAsync("<ann@example.org>", [], CancellationToken.None)).GetType().Name);
            said.Add((await session.DataAsync(CancellationToken.None)).GetType().Name);
            said.Add((await session.HeaderAsync("A"u8, " b"u8, CancellationToken.None)).GetType().Name);
            said.Add((await session.EndOfHeadersAsync(CancellationToken.None)).GetType().Name);
            said.Add((await session.BodyAsync("body"u8.ToArray(), CancellationToken.None)).GetType().Name);
            said.Add((await session.EndOfMessageAsync((change, _) =>
            {
                if (!terms.May(change.Needs)) throw new InvalidOperationException($"{change} was not negotiated.");
                said.Add(change.GetType().Name);
                return default;
            }, CancellationToken.None)).GetType().Name);
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Gives out so many octets more at each reading, and then the end.</summary>
    private sealed class Dripping(byte[] octets, int piece) : PipeReader
    {
        private int _start;
        private int _seen;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            _seen = Math.Min(octets.Length, _seen + Math.Max(1, piece));
            return ValueTask.FromResult(new ReadResult(new ReadOnlySequence<byte>(octets, _start, _seen - _start), isCanceled: false, isCompleted: _seen == octets.Length));
        }

        public override void AdvanceTo(SequencePosition consumed) => _start = consumed.GetInteger();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void CancelPendingRead() { }

        public override void Complete(Exception? exception = null) { }
    }
}
