using Merpati.Mailboxes;

namespace Merpati.Protocols.Imap.Commands;

/// <summary>UIDBATCHES: ranges of UIDs with so many messages each, from the newest down, for clients that fetch a large mailbox piece by piece.</summary>
/// <param name="Batches">Which of them, the newest being the first; null for all.</param>
internal sealed record UidBatches(uint Size, (uint First, uint Last)? Batches) : Command
{
    private const int SmallestBatch = 500;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        var size = scanner.NonZeroNumber();
        (uint First, uint Last)? batches = null;
        if (scanner.TryTake((byte)' '))
        {
            var first = scanner.NonZeroNumber();
            scanner.Expect((byte)':');
            var last = scanner.NonZeroNumber();
            batches = (Math.Min(first, last), Math.Max(first, last));
        }
        return new UidBatches(size, batches);
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Size < SmallestBatch) return Completion.No("TOOSMALL", "A batch has at least 500 messages");
        var output = session.Output.Raw("* UIDBATCHES (TAG "u8).String(session.Tag).Raw(")"u8);
        var count = session.Selected.View.Count;
        var number = 0u;
        var separator = " ";
        for (long end = count; end > 0; end -= Size)
        {
            number++;
            if (Batches is var (first, last) && (number < first || number > last)) continue;
            var uids = session.Selected.View.Uids;
            output.Ascii(separator).Number(uids[(int)end - 1].Value).Raw(":"u8).Number(uids[(int)Math.Max(end - Size, 0)].Value);
            separator = ",";
            await output.FlushIfFullAsync().ConfigureAwait(false);
        }
        output.Line();
        return Completion.Ok;
    }
}
