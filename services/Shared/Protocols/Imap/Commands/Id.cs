namespace Merpati.Protocols.Imap.Commands;

/// <summary>ID (RFC 2971): names the software. What the client says of itself is read within limits and not kept.</summary>
internal sealed record Id : Command
{
    private const int MaxPairs = 30;
    private const int MaxField = 30;
    private const int MaxValue = 1024;

    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        if (scanner.TryWord("NIL"u8)) return new Id();
        scanner.Expect((byte)'(');
        for (var pairs = 0; !scanner.Failed && !scanner.NextIs((byte)')'); pairs++)
        {
            if (pairs > 0) scanner.Space();
            var field = scanner.String("a field");
            scanner.Space();
            if (pairs == MaxPairs || field.Length > MaxField || scanner.NString("a value", out var value) && value.Length > MaxValue) scanner.Fail("More than ID allows");
        }
        scanner.Expect((byte)')');
        return new Id();
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
    {
        session.Output.Raw("* ID (\"name\" \"Merpati\")\r\n"u8);
        return new(Completion.Ok);
    }
}
