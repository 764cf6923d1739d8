using System.Globalization;
using System.Net;
using System.Text;

namespace Merpati.Benchmarks.Load;

/// <summary>The same large mailboxes in any server: INBOX of every account, the first half of it seen.</summary>
internal static class FilledMailboxes
{
    private const int Doublings = 4;

    /// <summary>A sixteenth is appended, each message another, and that copied four times over. What is there already counts.</summary>
    public static Task FillAsync(IPEndPoint server, int accounts, int messages, CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, accounts).Select(async number =>
    {
        await using var session = await ImapSession.LogInAsync(server, tls: false, Numbered.Name(Peers.BenchAccounts.Pattern, number), Peers.BenchAccounts.Password, cancellationToken);
        await session.SelectAsync(cancellationToken);
        var count = session.Messages;
        if (count >= messages) return;
        for (; count < messages >> Doublings; count++) await session.AppendAsync(Message(number, count, 10_000), cancellationToken);
        for (; count < messages; count = Math.Min(count * 2, messages)) await session.CommandAsync(Format($"COPY 1:{Math.Min(count, messages - count)} INBOX"), cancellationToken);
        await session.CommandAsync(Format($"STORE 1:{messages / 2} +FLAGS.SILENT (\\Seen)"), cancellationToken);
    }));

    public static byte[] Message(int account, int number, int size)
    {
        var text = new StringBuilder(Format($"From: Sender {number % 50} <sender{number % 50}@remote.test>\r\nTo: <user{account}@bench.test>\r\nSubject: Message {number} of many\r\nMessage-ID: <{account}.{number}@remote.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"));
        while (text.Length < size) text.Append("A line of a message, one of very many, which is as long as lines are.\r\n");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
