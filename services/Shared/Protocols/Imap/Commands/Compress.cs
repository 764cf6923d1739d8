namespace Merpati.Protocols.Imap.Commands;

/// <summary>COMPRESS (RFC 4978): everything after the tagged OK is a deflate stream, in both directions.</summary>
internal sealed record Compress(string Mechanism) : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        return new Compress(scanner.Keyword("a mechanism"));
    }

    public override async ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        if (Mechanism != "DEFLATE") return Completion.No("CANNOT", "Only DEFLATE");
        if (session.Transport.IsCompressed) return Completion.No("COMPRESSIONACTIVE", "The connection is compressed already");
        session.Output.Ascii(session.Tag).Raw(" OK Compressed from here on\r\n"u8);
        await session.Output.FlushAsync().ConfigureAwait(false);
        session.Transport.StartCompression();
        return Completion.Answered;
    }
}
