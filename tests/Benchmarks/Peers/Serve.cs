namespace Merpati.Benchmarks.Peers;

/// <summary>Starts one of the servers that are compared and leaves it to the other commands, until Ctrl+C.</summary>
internal static class Serve
{
    public const string Usage = "--peer merpati|postfix|postfix-squat [--mailbox 0] [--users 10]";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        await using IPeer peer = options.Text("peer") switch
        {
            "merpati" => await MerpatiPeer.StartStandaloneAsync(),
            "postfix" => await PostfixDovecotPeer.StartAsync(cancellationToken),
            "postfix-squat" => await PostfixDovecotPeer.StartAsync(cancellationToken, indexed: true),
            _ => throw new UsageException("--peer is merpati, postfix or postfix-squat"),
        };
        if (options.Number("mailbox", 0) is > 0 and var messages) await Load.FilledMailboxes.FillAsync(peer.Imap, options.Number("users", BenchAccounts.Count), messages, cancellationToken);
        Console.WriteLine($"--attach {AttachedPeer.Describe(peer)}");
        Console.WriteLine($"{peer.Name}: --port {peer.Smtp.Port} (SMTP), --port {peer.Imap.Port} (IMAP), --password {BenchAccounts.Password} --pid {string.Join(',', peer.Processes)}");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
