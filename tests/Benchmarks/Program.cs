using Merpati.Benchmarks;
using Merpati.Benchmarks.Load;
using Merpati.Benchmarks.Peers;

// /proc, and the servers that are compared.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// Every command speaks plain SMTP or IMAP, so that it measures any server.
var commands = new Dictionary<string, (string Usage, Func<Options, CancellationToken, Task> Run)>(StringComparer.Ordinal)
{
    ["smtp"] = (SmtpLoad.Usage, SmtpLoad.RunAsync),
    ["imap"] = (ImapLoad.Usage, ImapLoad.RunAsync),
    ["search"] = (SearchLoad.Usage, SearchLoad.RunAsync),
    ["selected"] = (SelectedLoad.Usage, SelectedLoad.RunAsync),
    ["index"] = (IndexLoad.Usage, IndexLoad.RunAsync),
    ["idle"] = (IdleLoad.Usage, IdleLoad.RunAsync),
    ["deliver"] = (Deliver.Usage, Deliver.RunAsync),
    ["notice"] = (Notice.Usage, Notice.RunAsync),
    ["serve"] = (Serve.Usage, Serve.RunAsync),
    ["stores"] = (StoresLoad.Usage, StoresLoad.RunAsync),
    ["queue"] = (QueueLoad.Usage, QueueLoad.RunAsync),
    ["rpc"] = (RpcHop.Usage, RpcHop.RunAsync),
    ["mailboxes"] = (MailboxesCompare.Usage, MailboxesCompare.RunAsync),
    ["relay"] = (RelayCompare.Usage, RelayCompare.RunAsync),
    ["checks"] = (ChecksLoad.Usage, ChecksLoad.RunAsync),
    ["capacity"] = (Capacity.Usage, Capacity.RunAsync),
    ["compare"] = (Compare.Usage, Compare.RunAsync),
};

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // the servers that were started are ended first
    stop.Cancel();
};
if (args.Length == 0 || !commands.TryGetValue(args[0], out var command))
{
    await Console.Error.WriteLineAsync("usage: merpati-bench <command> [options]\n\n" + string.Join("\n", commands.Select(entry => $"  {entry.Key,-9} {entry.Value.Usage}")));
    return 2;
}
try
{
    var options = new Options(args.AsSpan(1));
    await command.Run(options, stop.Token);
    return 0;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync($"merpati-bench {args[0]}: {e.Message}\nusage: merpati-bench {args[0]} {command.Usage}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
