namespace Merpati.Benchmarks.Peers;

/// <summary>Starts one of the servers that are compared and leaves it to the other commands, until Ctrl+C.</summary>
internal static class Serve
{
    public const string Usage = "--peer merpati|postfix";

    public static async Task RunAsync(Options options, CancellationToken cancellationToken)
    {
        await using IPeer peer = options.Text("peer") switch
        {
            "merpati" => await MerpatiPeer.StartStandaloneAsync(),
            "postfix" => await PostfixDovecotPeer.StartAsync(cancellationToken),
            _ => throw new UsageException("--peer is merpati or postfix"),
        };
        Console.WriteLine($"{peer.Name}: --port {peer.Smtp.Port} (SMTP), --port {peer.Imap.Port} (IMAP), --password {BenchAccounts.Password} --pid {string.Join(',', peer.Processes)}");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
