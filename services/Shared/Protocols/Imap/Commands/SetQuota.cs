namespace Merpati.Protocols.Imap.Commands;

/// <summary>SETQUOTA (RFC 9208 §4.4): understood, and nobody's to use: quotas are set by administrators elsewhere, so QUOTASET is not advertised.</summary>
internal sealed record SetQuota : Command
{
    public static Command Parse(ref CommandScanner scanner)
    {
        scanner.Space();
        scanner.AString("a quota root");
        scanner.Space();
        scanner.Expect((byte)'(');
        if (!scanner.NextIs((byte)')'))
        {
            do
            {
                scanner.Atom("a resource");
                scanner.Space();
                scanner.Atom("a limit");
            }
            while (scanner.TryTake((byte)' '));
        }
        scanner.Expect((byte)')');
        return new SetQuota();
    }

    public override ValueTask<Completion> ExecuteAsync(ImapSession session, CancellationToken cancellationToken)
        => new(Completion.No("NOPERM", "Quotas are set by the administrator"));
}
